//! Paths named in the documentation must exist.

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;

/// File extensions that identify a word without a slash as a path in the workspace.
const ENDINGS: [&str; 3] = [".rs", ".toml", ".md"];

/// File names with one of these extensions that belong to users.
const OF_USERS: [&str; 4] = ["config.toml", "recipe.toml", "my-recipe.toml", "README.md"];

/// The first folders of paths outside the workspace, such as the outputs of runs.
const OUTSIDE: [&str; 6] = ["runs", "checkpoints", "tokenizer", "model", "target", "~"];

/// Folders in which a short path is resolved.
const FOLDERS: [&str; 4] = ["", "crates", "crates/crosshead-cli", "docs"];

/// Finds paths in backticks that do not exist, in the documentation file at `path`.
pub(super) fn check(root: &Path, path: &Path, text: &str) -> Vec<Finding> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut findings = Vec::new();
    let mut is_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        let spans = line.split('`').skip(1).step_by(2);
        for span in spans.filter(|span| is_path(root, span) && !exists(root, folder, span)) {
            let message = format!(
                "`{span}` does not exist: write the current path of the file, from the root"
            );
            findings.push(Finding::new(path, number, message));
        }
    }
    findings
}

/// Whether a word in backticks looks like a path in the workspace.
fn is_path(root: &Path, word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !word.chars().all(plain) || word.starts_with(['-', '/', '.']) || OF_USERS.contains(&word) {
        return false;
    }
    let first = word.split('/').next().unwrap_or_default();
    let has_ending = ENDINGS.iter().any(|ending| word.ends_with(ending));
    // `crosshead-kernels/flex` is a feature of a crate.
    let is_feature =
        first.starts_with("crosshead-") && word.matches('/').count() == 1 && !has_ending;
    if is_feature || OUTSIDE.contains(&first) || first.chars().all(|c| c.is_ascii_uppercase()) {
        return false;
    }
    // A word without an extension is a path if its first folder exists: `true/false` is not a path.
    has_ending || word.contains('/') && starts_in_workspace(root, first)
}

fn starts_in_workspace(root: &Path, first: &str) -> bool {
    let is_folder = |folder: &&str| root.join(folder).join(first).is_dir();
    FOLDERS.iter().any(is_folder) || crates(root, first).next().is_some()
}

fn exists(root: &Path, folder: &Path, word: &str) -> bool {
    let beside = root.join(folder).join(word);
    let in_folders = FOLDERS.iter().map(|start| root.join(start).join(word));
    // `models/src/hub` is short for `crates/crosshead-models/src/hub`, and `flex/panels.rs` for a file in one of the
    // crates.
    let mut short = word.splitn(2, '/');
    let (first, rest) = (short.next().unwrap_or_default(), short.next().unwrap_or_default());
    let in_crate = crates(root, first).map(|krate| krate.join(rest));
    let in_sources = members(root).into_iter().map(|member| member.join("src").join(word));
    in_folders.chain([beside]).chain(in_crate).chain(in_sources).any(|path| path.exists())
}

/// The crate with this name, given without its prefix.
fn crates(root: &Path, short: &str) -> impl Iterator<Item = PathBuf> {
    let path = root.join("crates").join(format!("crosshead-{short}"));
    Some(path).filter(|path| path.is_dir()).into_iter()
}

fn members(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join("crates")).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let findings = check(root, Path::new("docs/page.md"), text);
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_missing_path_is_found() {
        for word in
            ["xtask/src/gone.rs", "gone.rs", "docs/gone.md", "crates/gone", "models/src/gone"]
        {
            assert_eq!(lines(&format!("first\nsee `{word}`.")), [2], "{word}");
        }
    }

    #[test]
    fn full_and_short_paths_of_the_workspace_are_resolved() {
        let words = [
            "xtask/src/tidy/docs.rs",
            "docs/architecture.md",
            "architecture.md",
            "models/src/pretrained",
            "Cargo.toml",
            "crates/crosshead-data",
        ];
        for word in words {
            assert_eq!(lines(&format!("see `{word}`")), [0; 0], "{word}");
        }
    }

    #[test]
    fn words_that_are_not_paths_are_ignored() {
        let words = [
            "runs/translate-en-de",
            "checkpoints/<step>/",
            "OWNER/NAME",
            "true/false",
            "n/a",
            "--data FILE.tsv",
            "crosshead::hub",
            "a b.rs",
            "recipe.toml",
            "crosshead-kernels/flex",
            "/etc/passwd",
        ];
        for word in words {
            assert_eq!(lines(&format!("see `{word}`")), [0; 0], "{word}");
        }
        assert_eq!(lines("```sh\n`gone.rs`\n```\n"), [0; 0]);
    }
}
