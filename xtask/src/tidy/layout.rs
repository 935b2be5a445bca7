//! Package layout: every package inherits the workspace's lints, every library compiles its README, and every module
//! with submodules is a `mod.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use super::manifest::Manifest;

/// The line that includes the README as crate documentation and tests its examples.
const README_INCLUDE: &str = "#![doc = include_str!(\"../README.md\")]";

/// The start of a README's first block, which is compiled by `cargo xtask outside`.
const README_DEPENDENCIES: &str = "```toml\n[dependencies]\n";

/// The license files that every package contains, as links to those of the workspace.
const LICENSES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Packages under `crates/` without a library.
const PROGRAMS: [&str; 1] = ["crosshead-cli"];

/// Finds missing lints and READMEs.
pub(super) fn check(root: &Path, manifest: &Manifest) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !manifest.name.is_empty() && !manifest.inherits_lints {
        let message = "the package does not inherit the workspace's lints: \
                       add `[lints]` with `workspace = true`";
        findings.push(Finding::new(&manifest.path, 1, message));
    }
    let folder = manifest.path.parent().unwrap_or(Path::new(""));
    if folder.starts_with("crates") {
        findings.extend(LICENSES.iter().filter_map(|name| check_license(root, folder, name)));
    }
    let is_library = folder.starts_with("crates") && !PROGRAMS.contains(&manifest.name.as_str());
    if is_library {
        findings.extend(check_readme(root, folder));
    }
    findings
}

fn check_license(root: &Path, folder: &Path, name: &str) -> Option<Finding> {
    let path = folder.join(name);
    let message = format!("the package lacks this file: link it to ../../{name}");
    (!root.join(&path).is_file()).then(|| Finding::new(&path, 1, message))
}

fn check_readme(root: &Path, folder: &Path) -> Option<Finding> {
    let readme = folder.join("README.md");
    let Ok(text) = fs::read_to_string(root.join(&readme)) else {
        let message = "the file is missing: describe the crate, with an example of about ten lines";
        return Some(Finding::new(&readme, 1, message));
    };
    if !text.contains(README_DEPENDENCIES) {
        let message =
            "the dependencies of the example are missing: start with a `[dependencies]` TOML block";
        return Some(Finding::new(&readme, 1, message));
    }
    let lib: PathBuf = folder.join("src/lib.rs");
    let text = fs::read_to_string(root.join(&lib)).unwrap_or_default();
    (!text.contains(README_INCLUDE)).then(|| {
        Finding::new(&lib, 1, format!("the README is not compiled: start with `{README_INCLUDE}`"))
    })
}

/// Finds modules written as `foo.rs` next to `foo/` instead of `foo/mod.rs`.
pub(super) fn check_modules(sources: &[(PathBuf, String)]) -> Vec<Finding> {
    let folders: BTreeSet<&Path> = sources.iter().filter_map(|(path, _)| path.parent()).collect();
    let mut findings = Vec::new();
    for (path, _) in sources {
        let folder = path.with_extension("");
        if folders.contains(folder.as_path()) {
            let message = format!("move it to {}/mod.rs, next to its submodules", folder.display());
            findings.push(Finding::new(path, 1, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(path: &str, body: &str) -> Manifest {
        Manifest::parse(Path::new(path), &format!("[package]\nname = \"x\"\n{body}")).unwrap()
    }

    #[test]
    fn a_package_with_separate_lints_is_found() {
        let own = manifest("tests/Cargo.toml", "[lints.rust]\n");
        assert_eq!(check(Path::new("/nowhere"), &own).len(), 1);
        let inherited = manifest("tests/Cargo.toml", "[lints]\nworkspace = true\n");
        assert!(check(Path::new("/nowhere"), &inherited).is_empty());
    }

    #[test]
    fn a_library_without_licenses_and_readme_is_found() {
        let library = manifest("crates/x/Cargo.toml", "[lints]\nworkspace = true\n");
        let found: Vec<_> =
            check(Path::new("/nowhere"), &library).into_iter().map(|found| found.path).collect();
        let expected = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];
        assert_eq!(found, expected.map(|name| Path::new("crates/x").join(name)));
    }

    #[test]
    fn a_module_next_to_its_folder_is_found() {
        let sources = ["a.rs", "a/b.rs", "c/mod.rs", "c/d.rs"]
            .map(|path| (Path::new("crates/x/src").join(path), String::new()));
        let findings = check_modules(&sources);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, Path::new("crates/x/src/a.rs"));
    }
}
