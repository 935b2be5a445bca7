//! Rules for one Rust file.

use std::path::Path;

use super::Finding;

/// The most lines that a file may have; a generated one says so in its first line.
const MAX_LINES: usize = 400;
const GENERATED_MARK: &str = concat!("@", "generated");

/// Notes and macros that stand for code to be written. Split, so that this file passes its own check.
const UNFINISHED: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("unimpl", "emented!"),
];

/// Macros that print.
const PRINTING: [&str; 5] = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];

const UNSAFE_TOKEN: &str = concat!("uns", "afe");

/// Where `unsafe` is allowed: a file or folder, and on how many lines of a file.
const UNSAFE: [(&str, usize); 3] = [
    // fused operations
    ("crates/crosshead-kernels", usize::MAX),
    // mapping a file into memory
    ("crates/crosshead-weights/src/mapping.rs", 1),
    // an option of the allocator
    ("crates/crosshead-cli/src/allocator.rs", 1),
];

/// What the rules find in the file at `path`, relative to the workspace's root.
pub(super) fn check(path: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unsafe_lines_left = allowed_unsafe_lines(path);
    for (number, line) in (1..).zip(text.lines()) {
        let mut report = |message| findings.push(Finding::new(path, number, message));
        for mark in UNFINISHED.iter().filter(|mark| has_token(line, mark)) {
            report(format!("`{mark}` marks unfinished work: finish it, or leave it out"));
        }
        let code = line.split("//").next().unwrap_or_default();
        for name in PRINTING.iter().filter(|name| is_library(path) && has_token(code, name)) {
            report(format!(
                "`{name}` in a library crate: return the value or take a callback, only the CLI prints"
            ));
        }
        if has_token(code, UNSAFE_TOKEN) {
            match unsafe_lines_left.checked_sub(1) {
                Some(left) => unsafe_lines_left = left,
                None => report(format!(
                    "`{UNSAFE_TOKEN}` belongs to crosshead-kernels: move it there, or use a safe crate"
                )),
            }
        }
    }
    findings.extend(check_length(path, text));
    findings
}

fn check_length(path: &Path, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let generated = text.lines().next().is_some_and(|line| line.contains(GENERATED_MARK));
    (lines > MAX_LINES && !generated).then(|| {
        let message = format!("{lines} lines, at most {MAX_LINES}: split the file, one job each");
        Finding::new(path, MAX_LINES + 1, message)
    })
}

fn allowed_unsafe_lines(path: &Path) -> usize {
    UNSAFE.iter().find(|(allowed, _)| path.starts_with(allowed)).map_or(0, |(_, lines)| *lines)
}

/// Whether the file is part of what a library crate's users get.
fn is_library(path: &Path) -> bool {
    let mut parts = path.iter();
    parts.next().is_some_and(|part| part == "crates")
        && parts.next().is_some_and(|name| name != "crosshead-cli")
        && parts.next().is_some_and(|part| part == "src")
}

/// Whether `line` has `token` with no letter, digit or underscore next to it.
fn has_token(line: &str, token: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(token).any(|(start, _)| {
        !line[..start].ends_with(is_word) && !line[start + token.len()..].starts_with(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(Path::new(path), text).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unfinished_work_is_found_in_code_and_comments() {
        for mark in UNFINISHED {
            assert_eq!(
                lines("tests/a.rs", &format!("fn f() {{\n// {mark} later\n}}")),
                [2],
                "{mark}"
            );
        }
        assert!(lines("tests/a.rs", "let todos = 1; // as in Todoist").is_empty());
    }

    #[test]
    fn printing_is_found_in_libraries_only() {
        for name in PRINTING {
            let text = format!("fn f() {{\n    {name}(\"x\");\n}}");
            assert_eq!(lines("crates/crosshead-data/src/a.rs", &text), [2], "{name}");
            assert!(lines("crates/crosshead-cli/src/a.rs", &text).is_empty(), "{name}");
            assert!(lines("crates/crosshead-data/examples/a.rs", &text).is_empty(), "{name}");
        }
        let in_example = "/// println!(\"{x}\");";
        assert!(lines("crates/crosshead-data/src/a.rs", in_example).is_empty());
    }

    #[test]
    fn unsafe_code_is_found_outside_the_kernels() {
        let text = concat!("// uns", "afe?\nuns", "afe { f() }\nuns", "afe { f() }\n");
        assert_eq!(lines("crates/crosshead-train/src/a.rs", text), [2, 3]);
        assert_eq!(lines("crates/crosshead-cli/src/allocator.rs", text), [3]);
        assert!(lines("crates/crosshead-kernels/src/a.rs", text).is_empty());
        assert!(lines("crates/crosshead-train/src/a.rs", "#[allow(unsafe_code)]").is_empty());
    }

    #[test]
    fn a_long_file_is_found_unless_generated() {
        let long = "\n".repeat(MAX_LINES + 1);
        assert_eq!(lines("tests/a.rs", &long), [MAX_LINES + 1]);
        assert!(lines("tests/a.rs", &format!("// {GENERATED_MARK} by x\n{long}")).is_empty());
        assert!(lines("tests/a.rs", &"\n".repeat(MAX_LINES)).is_empty());
    }
}
