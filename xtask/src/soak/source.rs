//! Finds the property tests: the functions in `proptest!` blocks.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::tidy;

/// The start of a block. Split so that this file contains none.
const BLOCK: &str = concat!("propt", "est! {");
const MACRO: &str = concat!("propt", "est!");

/// A property test.
#[derive(Debug, PartialEq)]
pub(super) struct PropertyTest {
    /// The folder of its package.
    pub(super) package: PathBuf,
    /// The function's name.
    pub(super) name: String,
}

/// The property tests of the workspace.
pub(super) fn property_tests(root: &Path) -> Result<Vec<PropertyTest>> {
    let mut tests = Vec::new();
    for path in tidy::sources(root)? {
        let package = root.join(package(&path));
        let names = names(&path, &tidy::read(root, &path)?)?;
        tests.extend(names.into_iter().map(|name| PropertyTest { package: package.clone(), name }));
    }
    Ok(tests)
}

/// The folder of a file's package, relative to the root: `crates/NAME`, `tests` or `xtask`.
fn package(path: &Path) -> PathBuf {
    let depth = if path.starts_with("crates") { 2 } else { 1 };
    path.iter().take(depth).collect()
}

/// The functions after `#[test]` in the blocks of a file; a block ends at the indentation of its start.
fn names(path: &Path, text: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let code = line.split("//").next().unwrap_or_default();
        if !code.contains(MACRO) {
            continue;
        }
        let Some(indentation) = code.trim_end().strip_suffix(BLOCK) else {
            bail!("{}: write property tests as `{BLOCK} … }}`: `{line}`", path.display());
        };
        let end = format!("{indentation}}}");
        let block: Vec<&str> = lines.by_ref().take_while(|line| **line != end).collect();
        let tests = block.windows(2).filter(|pair| pair[0].trim() == "#[test]");
        let found = tests.filter_map(|pair| pair[1].trim().strip_prefix("fn ")?.split_once('('));
        names.extend(found.map(|(name, _)| name.to_owned()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_functions_in_blocks_are_found() {
        let text = format!(
            "#[test]\nfn plain() {{}}\n\nmod a {{\n    {BLOCK}\n        #[test]\n        fn one(x: bool) {{\n            if x {{}}\n        }}\n\n        #[test]\n        fn two(\n            x: bool,\n        ) {{}}\n    }}\n\n    #[test]\n    fn other() {{}}\n}}\n"
        );
        assert_eq!(names(Path::new("a.rs"), &text).unwrap(), ["one", "two"]);
    }

    #[test]
    fn a_block_of_a_different_form_is_an_error() {
        let text = format!("fn f() {{\n    {MACRO}(|(x: bool)| {{}});\n}}\n");
        assert!(names(Path::new("a.rs"), &text).is_err());
    }

    #[test]
    fn a_file_belongs_to_a_package() {
        assert_eq!(package(Path::new("crates/a/src/lib.rs")), Path::new("crates/a"));
        assert_eq!(package(Path::new("tests/cli/main.rs")), Path::new("tests"));
    }
}
