//! Programs outside the workspace that use the packaged crates: `cargo xtask outside`.
//!
//! The dependencies and the source of each program come from a crate's README, so the check fails if the example of a
//! README does not compile for a user. The programs share the target folder, the profile and the dependency features of
//! the main build, which leaves only the crates of this project to compile.

mod features;
mod readme;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use toml::{Table, Value};

use self::readme::Program;
use crate::{cargo, package};

/// The scratch workspace, relative to the workspace's root.
const FOLDER: &str = "target/outside";

/// The crates with READMEs that are compiled by default: a crate with tensors, a crate without tensors, and the facade.
const DEFAULT: [&str; 3] = ["crosshead-attention", "crosshead-generate", "crosshead"];

/// The member that enables the same dependency features as the main build.
const FEATURES: &str = "outside-features";

/// Arguments of `cargo xtask outside`.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Crates with README examples to compile [default: crosshead-attention crosshead-generate crosshead]
    crates: Vec<String>,
    /// Compile the example of every README
    #[arg(long, conflicts_with = "crates")]
    all: bool,
}

/// A packaged library crate and the program in its README.
struct Package {
    name: String,
    /// The unpacked package, relative to the scratch workspace.
    folder: PathBuf,
    program: Program,
}

impl Package {
    /// The name of the program's package.
    fn member(&self) -> String {
        format!("outside-{}", self.name)
    }
}

/// Packages the crates, then compiles and runs the programs.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    check(root, &package::run(root)?, args)
}

/// Writes the scratch workspace for the `.crate` files, and compiles and runs the programs.
pub(crate) fn check(root: &Path, crates: &[PathBuf], args: &Args) -> Result<()> {
    let folder = root.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    let unpacked = folder.join("crates");
    fs::create_dir_all(&unpacked)?;
    let mut packages = Vec::new();
    for package in crates {
        packages.extend(unpack(&folder, &unpacked, package)?);
    }
    write_workspace(root, &folder, &packages)?;

    let names: Vec<&str> = match (args.all, &args.crates[..]) {
        (true, _) => packages.iter().map(|package| package.name.as_str()).collect(),
        (false, []) => DEFAULT.to_vec(),
        (false, names) => names.iter().map(String::as_str).collect(),
    };
    for name in names {
        let package = packages
            .iter()
            .find(|package| package.name == name)
            .with_context(|| format!("no package {name} with [dependencies] in its README"))?;
        compile(root, &folder, package).with_context(|| format!("README of {name}"))?;
    }
    Ok(())
}

/// Unpacks a `.crate` file. Returns `None` if the README of the package has no `[dependencies]`, as for the CLI.
fn unpack(folder: &Path, unpacked: &Path, package: &Path) -> Result<Option<Package>> {
    let mut tar = Command::new("tar");
    // -m sets the modification times to now, so that cargo notices a change.
    tar.arg("-xzmf").arg(package).arg("-C").arg(unpacked);
    cargo::execute(&mut tar)?;
    let stem = package.file_stem().unwrap_or_default();
    let manifest = read_toml(&unpacked.join(stem).join("Cargo.toml"))?;
    let name = manifest.get("package").and_then(|package| package.get("name"));
    let name = name.and_then(Value::as_str).context("a package without a name")?;
    let readme = unpacked.join(stem).join("README.md");
    let text = fs::read_to_string(&readme)
        .with_context(|| format!("{name} is packaged without its README"))?;
    let Some(program) = Program::from_readme(&text) else { return Ok(None) };
    let folder = unpacked.join(stem).strip_prefix(folder)?.to_owned();
    Ok(Some(Package { name: name.to_owned(), folder, program }))
}

/// Writes the workspace: the programs, the member with the features, and the lock file of the main build.
fn write_workspace(root: &Path, folder: &Path, packages: &[Package]) -> Result<()> {
    for package in packages {
        let program = folder.join(package.member());
        write(&program.join("Cargo.toml"), &package.program.manifest(&package.member()))?;
        write(&program.join("src/main.rs"), &package.program.source)?;
    }
    let features = folder.join(FEATURES);
    write(&features.join("Cargo.toml"), &features::manifest(root, FEATURES)?)?;
    write(&features.join("src/lib.rs"), "//! Enables the features of the main build.\n")?;

    let manifest = workspace_manifest(&read_toml(&root.join("Cargo.toml"))?, packages)?;
    write(&folder.join("Cargo.toml"), &manifest)?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

/// The manifest of the scratch workspace. The crates come from their packages and use the main build's profile.
fn workspace_manifest(main: &Table, packages: &[Package]) -> Result<String> {
    let profile = main.get("profile").and_then(|profile| profile.get("dev"));
    let mut profile = profile.and_then(Value::as_table).cloned().unwrap_or_default();
    let overrides = profile.entry("package").or_insert_with(|| Table::new().into());
    let overrides = overrides.as_table_mut().context("profile.dev.package is not a table")?;
    let mut patches = Table::new();
    for package in packages {
        let compiles_fast = toml::toml! {
            opt-level = 0
            debug = false
        };
        overrides.insert(package.name.clone(), compiles_fast.into());
        let mut patch = Table::new();
        patch.insert("path".to_owned(), package.folder.display().to_string().into());
        patches.insert(package.name.clone(), patch.into());
    }
    let mut manifest = toml::toml! {
        [workspace]
        resolver = "3"
        members = ["outside-*"]
        exclude = ["crates"]
    };
    manifest.insert(
        "profile".to_owned(),
        Table::from_iter([("dev".to_owned(), profile.into())]).into(),
    );
    manifest.insert(
        "patch".to_owned(),
        Table::from_iter([("crates-io".to_owned(), patches.into())]).into(),
    );
    Ok(toml::to_string(&manifest)?)
}

/// Compiles the program of a package, and runs it unless its example is marked `no_run`.
fn compile(root: &Path, folder: &Path, package: &Package) -> Result<()> {
    let member = package.member();
    println!("{member}");
    let uses_burn = package.program.uses_burn();
    if !uses_burn {
        check_without_burn(folder, &member)?;
    }
    let target = root.join("target");
    let mut build = cargo::command();
    build.args(["build", "--package", &member, "--package", FEATURES]);
    build.arg("--manifest-path").arg(folder.join("Cargo.toml")).arg("--target-dir").arg(&target);
    if !uses_burn {
        // The features of burn's dependencies must also be those of the main build.
        build.args(["--features", &format!("{FEATURES}/burn")]);
    }
    cargo::execute(&mut build)?;
    if package.program.runs {
        cargo::execute(&mut Command::new(target.join("debug").join(&member)))?;
    }
    Ok(())
}

/// Checks that a program does not compile burn unless its README names it.
fn check_without_burn(folder: &Path, member: &str) -> Result<()> {
    let tree = cargo::command()
        .args([
            "tree",
            "--package",
            member,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(folder)
        .output()
        .context("cannot start cargo tree")?;
    ensure!(tree.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout)?;
    ensure!(
        !tree.lines().any(|line| line.starts_with("burn")),
        "{member} depends on burn, but its README does not name burn"
    );
    Ok(())
}

fn read_toml(path: &Path) -> Result<Table> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not valid TOML", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
