//! The dependency graph of the workspace.

use super::Finding;
use super::manifest::{Manifest, Section};

/// A crate and its allowed dependencies.
struct Node {
    name: &'static str,
    /// The crates of the workspace that it may use, in addition to the test kit in tests.
    may_use: &'static [&'static str],
    /// Whether it may use burn.
    burn: bool,
}

/// The test kit. Only tests may use it.
const TESTKIT: &str = "crosshead-testkit";

/// The complete graph. To add an edge, change docs/architecture.md as well.
const GRAPH: [Node; 22] = [
    Node { name: "crosshead-assets-models", may_use: &[], burn: false },
    Node { name: "crosshead-assets", may_use: &["crosshead-assets-models"], burn: false },
    Node { name: "crosshead-files", may_use: &[], burn: false },
    Node { name: "crosshead-documents", may_use: &["crosshead-files"], burn: false },
    Node { name: "crosshead-tokenize", may_use: &["crosshead-files"], burn: false },
    Node { name: "crosshead-evaluate", may_use: &[], burn: false },
    Node { name: "crosshead-data", may_use: &["crosshead-files"], burn: false },
    Node { name: "crosshead-generate", may_use: &[], burn: false },
    Node { name: "crosshead-hub", may_use: &[], burn: false },
    Node { name: "crosshead-position", may_use: &[], burn: true },
    Node { name: "crosshead-kernels", may_use: &[], burn: true },
    Node { name: TESTKIT, may_use: &[], burn: true },
    Node {
        name: "crosshead-attention",
        may_use: &["crosshead-kernels", "crosshead-position"],
        burn: true,
    },
    Node {
        name: "crosshead-blocks",
        may_use: &["crosshead-attention", "crosshead-kernels", "crosshead-position"],
        burn: true,
    },
    Node {
        name: "crosshead-weights",
        may_use: &["crosshead-files", "crosshead-kernels", "crosshead-position"],
        burn: true,
    },
    Node {
        name: "crosshead-models",
        may_use: &[
            "crosshead-attention",
            "crosshead-blocks",
            "crosshead-files",
            "crosshead-generate",
            "crosshead-kernels",
            "crosshead-position",
            "crosshead-weights",
        ],
        burn: true,
    },
    Node {
        name: "crosshead-train",
        may_use: &["crosshead-data", "crosshead-files", "crosshead-kernels", "crosshead-weights"],
        burn: true,
    },
    Node {
        name: "crosshead-tasks",
        may_use: &[
            "crosshead-data",
            "crosshead-generate",
            "crosshead-kernels",
            "crosshead-models",
            "crosshead-tokenize",
        ],
        burn: true,
    },
    Node {
        name: "crosshead-recipes",
        may_use: &[
            "crosshead-blocks",
            "crosshead-data",
            "crosshead-evaluate",
            "crosshead-files",
            "crosshead-kernels",
            "crosshead-models",
            "crosshead-position",
            "crosshead-tasks",
            "crosshead-tokenize",
            "crosshead-train",
            "crosshead-weights",
        ],
        burn: true,
    },
    Node {
        name: "crosshead",
        may_use: &[
            "crosshead-attention",
            "crosshead-blocks",
            "crosshead-data",
            "crosshead-documents",
            "crosshead-evaluate",
            "crosshead-generate",
            "crosshead-hub",
            "crosshead-kernels",
            "crosshead-models",
            "crosshead-position",
            "crosshead-recipes",
            "crosshead-tasks",
            "crosshead-tokenize",
            "crosshead-train",
            "crosshead-weights",
        ],
        burn: true,
    },
    Node {
        name: "crosshead-server",
        may_use: &[
            "crosshead-documents",
            "crosshead-evaluate",
            "crosshead-kernels",
            "crosshead-models",
            "crosshead-tasks",
        ],
        burn: true,
    },
    Node {
        name: "crosshead-cli",
        may_use: &["crosshead", "crosshead-assets", "crosshead-server"],
        burn: true,
    },
];

/// Finds dependencies of a crate under `crates/` that are not in the graph.
pub(super) fn check(manifest: &Manifest) -> Vec<Finding> {
    if !manifest.path.starts_with("crates") {
        return Vec::new();
    }
    let Some(node) = GRAPH.iter().find(|node| node.name == manifest.name) else {
        let message = format!(
            "crate `{}` is not in the dependency graph: \
             add it to docs/architecture.md and xtask/src/tidy/graph.rs",
            manifest.name
        );
        return vec![Finding::new(&manifest.path, 1, message)];
    };
    let mut findings = Vec::new();
    for dependency in &manifest.dependencies {
        let used = dependency.name.as_str();
        let internal = GRAPH.iter().any(|node| node.name == used);
        let for_tests = used == TESTKIT && dependency.section == Section::Dev;
        let message = if internal && !for_tests && !node.may_use.contains(&used) {
            format!("{} must not depend on {used}: {}", node.name, advice(node))
        } else if used == "burn" && !node.burn {
            format!("{} must not depend on burn, because it does not use tensors", node.name)
        } else {
            continue;
        };
        findings.push(Finding::new(&manifest.path, dependency.line, message));
    }
    findings
}

fn advice(node: &Node) -> String {
    let allowed = match node.may_use {
        [] => "no other crate".to_owned(),
        names => names.join(", "),
    };
    format!(
        "it may use {allowed}, and its tests {TESTKIT}; \
         take the value as an argument, or move the code to a crate that may use both"
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn messages(name: &str, body: &str) -> Vec<String> {
        let path = PathBuf::from(format!("crates/{name}/Cargo.toml"));
        let text = format!("[package]\nname = \"{name}\"\n{body}");
        let findings = check(&Manifest::parse(&path, &text).unwrap());
        findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn an_edge_outside_the_graph_is_found() {
        for section in ["dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let body = format!("[{section}]\nserde = \"1\"\ncrosshead-models.workspace = true\n");
            let found = messages("crosshead-attention", &body);
            assert_eq!(found.len(), 1, "{section}: {found:?}");
            assert!(found[0].starts_with(
                "crates/crosshead-attention/Cargo.toml:5: \
                 crosshead-attention must not depend on crosshead-models"
            ));
        }
    }

    #[test]
    fn an_edge_in_the_graph_is_allowed() {
        let body = "[dependencies]\ncrosshead-kernels.workspace = true\nburn.workspace = true\n";
        assert_eq!(messages("crosshead-attention", body), Vec::<String>::new());
    }

    #[test]
    fn the_test_kit_is_for_tests() {
        let dev = messages("crosshead-data", "[dev-dependencies]\ncrosshead-testkit = {}\n");
        assert_eq!(dev, Vec::<String>::new());
        assert_eq!(messages("crosshead-data", "[dependencies]\ncrosshead-testkit = {}\n").len(), 1);
    }

    #[test]
    fn a_text_crate_that_uses_burn_is_found() {
        assert_eq!(messages("crosshead-tokenize", "[dependencies]\nburn = \"0.22\"\n").len(), 1);
    }

    #[test]
    fn a_crate_outside_the_graph_is_found() {
        assert_eq!(messages("crosshead-new", "").len(), 1);
    }

    #[test]
    fn the_graph_has_no_cycle() {
        for (index, node) in GRAPH.iter().enumerate() {
            let earlier: Vec<_> = GRAPH[..index].iter().map(|node| node.name).collect();
            assert!(node.may_use.iter().all(|used| earlier.contains(used)), "{}", node.name);
        }
    }
}
