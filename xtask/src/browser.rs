//! Tests of the web page in Chromium: `cargo xtask test --browser`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::cargo;
use crate::root;

/// Programs that the tests need, and the Debian package of each.
const PROGRAMS: [(&str, &str); 3] =
    [("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("npm", "npm")];

/// Packages on npm: the type checker for the page's modules, and the accessibility rules.
const PACKAGES: [&str; 2] = ["typescript@7.0.2", "axe-core@4.14.1"];

/// The package with the tests, a separate workspace.
const TESTS: &str = "tests/browser";

/// Where the tests are compiled, npm's packages are installed, and screenshots are written.
const FOLDER: &str = "target/browser";

/// Checks the types of the page's modules, and tests the page against the program. `args` select tests by name.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let missing: Vec<_> = PROGRAMS.iter().filter(|(program, _)| !is_installed(program)).collect();
    if !missing.is_empty() {
        let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
        println!(
            "skipped: the page is tested with Chromium and npm; `apt-get install {}`, or the packages of your \
             distribution, are missing",
            packages.join(" ")
        );
        return Ok(());
    }
    let npm = root().join(FOLDER).join("npm");
    if PACKAGES.iter().any(|package| !is_fetched(&npm, package)) {
        std::fs::create_dir_all(&npm)?;
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&npm).args(PACKAGES);
        cargo::execute(&mut install).context("npm cannot install the test tools")?;
    }
    let mut types = Command::new(npm.join("node_modules/.bin/tsc"));
    cargo::execute(types.arg("--project").arg(Path::new(TESTS).join("tsconfig.json")))?;
    cargo::run(["build", "--workspace", "--bin", "crosshead"])?;
    let manifest = Path::new(TESTS).join("Cargo.toml");
    let target = Path::new(FOLDER).join("build");
    let mut tests = cargo::command();
    tests.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(manifest);
    cargo::execute(tests.arg("--target-dir").arg(target).arg("--").args(args))
}

fn is_installed(program: &str) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// Whether npm's folder has this version of a package, named as in `axe-core@4.14.1`.
fn is_fetched(npm: &Path, package: &str) -> bool {
    let Some((name, version)) = package.split_once('@') else { return false };
    let manifest = npm.join("node_modules").join(name).join("package.json");
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    manifest["version"] == version
}
