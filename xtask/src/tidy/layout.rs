//! What every package must have: the workspace's lints; a library crate also a README that is compiled. And where the
//! file of a module is that has submodules.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use super::manifest::Manifest;

/// The line that makes the README the crate's documentation and its example a test.
const README_INCLUDE: &str = "#![doc = include_str!(\"../README.md\")]";

/// Packages under `crates/` that are programs.
const PROGRAMS: [&str; 1] = ["crosshead-cli"];

/// What the package lacks.
pub(super) fn check(root: &Path, manifest: &Manifest) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !manifest.name.is_empty() && !manifest.inherits_lints {
        let message = "the package does not take the workspace's lints: \
                       add `[lints]` with `workspace = true`";
        findings.push(Finding::new(&manifest.path, 1, message));
    }
    let folder = manifest.path.parent().unwrap_or(Path::new(""));
    let is_library = folder.starts_with("crates") && !PROGRAMS.contains(&manifest.name.as_str());
    if is_library {
        findings.extend(check_readme(root, folder));
    }
    findings
}

fn check_readme(root: &Path, folder: &Path) -> Option<Finding> {
    let readme = folder.join("README.md");
    if !root.join(&readme).is_file() {
        let message =
            "the file is missing: say what the crate is for, with an example of about ten lines";
        return Some(Finding::new(&readme, 1, message));
    }
    let lib: PathBuf = folder.join("src/lib.rs");
    let text = fs::read_to_string(root.join(&lib)).unwrap_or_default();
    (!text.contains(README_INCLUDE)).then(|| {
        Finding::new(&lib, 1, format!("the README is not compiled: start with `{README_INCLUDE}`"))
    })
}

/// Modules whose file lies beside their folder: `foo.rs` and `foo/` in place of `foo/mod.rs`.
pub(super) fn check_modules(sources: &[(PathBuf, String)]) -> Vec<Finding> {
    let folders: BTreeSet<&Path> = sources.iter().filter_map(|(path, _)| path.parent()).collect();
    let mut findings = Vec::new();
    for (path, _) in sources {
        let folder = path.with_extension("");
        if folders.contains(folder.as_path()) {
            let message = format!("move it to {}/mod.rs, beside its submodules", folder.display());
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
    fn a_package_with_lints_of_its_own_is_found() {
        let own = manifest("tests/Cargo.toml", "[lints.rust]\n");
        assert_eq!(check(Path::new("/nowhere"), &own).len(), 1);
        let inherited = manifest("tests/Cargo.toml", "[lints]\nworkspace = true\n");
        assert!(check(Path::new("/nowhere"), &inherited).is_empty());
    }

    #[test]
    fn a_library_without_a_readme_is_found() {
        let library = manifest("crates/x/Cargo.toml", "[lints]\nworkspace = true\n");
        let findings = check(Path::new("/nowhere"), &library);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, Path::new("crates/x/README.md"));
    }

    #[test]
    fn a_module_beside_its_folder_is_found() {
        let sources = ["a.rs", "a/b.rs", "c/mod.rs", "c/d.rs"]
            .map(|path| (Path::new("crates/x/src").join(path), String::new()));
        let findings = check_modules(&sources);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, Path::new("crates/x/src/a.rs"));
    }
}
