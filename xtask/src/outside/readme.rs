//! The program that a README describes: its `[dependencies]` and its first Rust example.

/// The program of a README.
#[derive(Debug, PartialEq)]
pub(super) struct Program {
    /// The TOML block, verbatim.
    dependencies: String,
    /// The example as the source of a program.
    pub(super) source: String,
    /// Whether the example is meant to be run, not just compiled.
    pub(super) runs: bool,
}

impl Program {
    /// Reads the `[dependencies]` block and the first Rust block; `None` if one of them is missing.
    pub(super) fn from_readme(text: &str) -> Option<Self> {
        let blocks = blocks(text);
        let is_dependencies =
            |block: &&Block| block.info == "toml" && block.body.starts_with("[dependencies]\n");
        let dependencies = blocks.iter().find(is_dependencies)?.body.clone();
        let example = blocks.iter().find(|block| block.info.split(',').next() == Some("rust"))?;
        let runs = !example.info.contains("no_run");
        Some(Self { dependencies, source: program(&example.body), runs })
    }

    /// The manifest of the program's package, with the dependencies from the README.
    pub(super) fn manifest(&self, package: &str) -> String {
        format!("[package]\nname = \"{package}\"\nedition = \"2024\"\n\n{}", self.dependencies)
    }

    /// Whether the README names burn as a dependency.
    pub(super) fn uses_burn(&self) -> bool {
        self.dependencies.lines().any(|line| line.starts_with("burn = "))
    }
}

/// A fenced block of a Markdown text.
struct Block {
    /// The text after the opening fence, such as `rust,no_run`.
    info: String,
    body: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some(Block { info: info.trim().to_owned(), body: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.body.push_str(line);
                block.body.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Wraps an example in a function, as rustdoc does. Hidden lines start with `# `, and an example that ends in `Ok` may
/// use `?`.
fn program(example: &str) -> String {
    let shown = |line: &str| line.strip_prefix("# ").unwrap_or(line).to_owned();
    let body = example.lines().map(shown).collect::<Vec<_>>().join("\n");
    if body.contains("fn main()") {
        body
    } else if body.contains("\nOk::<(), ") {
        format!(
            "fn main() {{\n    example().unwrap();\n}}\n\n\
             fn example() -> Result<(), impl std::fmt::Debug> {{\n{body}\n}}\n"
        )
    } else {
        format!("fn main() {{\n{body}\n}}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_and_example_of_a_readme_are_read() {
        let readme = "# x\n```toml\n[dependencies]\nburn = \"1\"\nx = \"1\"\n```\ntext\n\
                      ```toml\nother = 1\n```\n```rust\nx::f();\n```\n```rust\nx::g();\n```\n";
        let program = Program::from_readme(readme).unwrap();
        assert!(program.runs && program.uses_burn());
        assert_eq!(program.source, "fn main() {\nx::f();\n}\n");
        let manifest = program.manifest("outside-x");
        assert!(manifest.starts_with("[package]\nname = \"outside-x\"\n"));
        assert!(manifest.ends_with("\n[dependencies]\nburn = \"1\"\nx = \"1\"\n"));
    }

    #[test]
    fn a_fallible_example_may_use_question_marks() {
        let source = program("# use x::f;\nf()?;\n# Ok::<(), x::Error>(())\n");
        let body = "{\nuse x::f;\nf()?;\nOk::<(), x::Error>(())\n}\n";
        assert!(source.starts_with("fn main() {") && source.ends_with(body), "{source}");
    }

    #[test]
    fn a_complete_program_is_kept() {
        assert_eq!(program("fn main() {\n    f();\n}\n"), "fn main() {\n    f();\n}");
    }

    #[test]
    fn a_readme_without_dependencies_or_example_has_no_program() {
        assert_eq!(Program::from_readme("```rust\nf();\n```\n"), None);
        assert_eq!(Program::from_readme("```toml\n[dependencies]\nx = \"1\"\n```\n"), None);
    }

    #[test]
    fn an_example_marked_no_run_is_only_compiled() {
        let readme = "```toml\n[dependencies]\nx = \"1\"\n```\n```rust,no_run\nf();\n```\n";
        let program = Program::from_readme(readme).unwrap();
        assert!(!program.runs && !program.uses_burn());
    }
}
