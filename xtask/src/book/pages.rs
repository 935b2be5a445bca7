//! The pages of the book and their links.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The table of contents.
pub(super) struct Summary {
    /// The names of the pages, in order.
    pub(super) pages: Vec<String>,
}

impl Summary {
    /// Reads `SUMMARY.md` of a folder and checks that it lists every page of the folder.
    pub(super) fn read(docs: &Path) -> Result<Self> {
        let path = docs.join("SUMMARY.md");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let pages = pages(&text);
        let listed: BTreeSet<String> = pages.iter().cloned().collect();
        let mut present = BTreeSet::new();
        for entry in
            fs::read_dir(docs).with_context(|| format!("cannot list {}", docs.display()))?
        {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".md") && name != "SUMMARY.md" {
                present.insert(name);
            }
        }
        if let Some(name) = present.symmetric_difference(&listed).next() {
            bail!("docs/{name} is only in one of docs/ and docs/SUMMARY.md");
        }
        Ok(Self { pages })
    }
}

/// The links of a table of contents.
fn pages(summary: &str) -> Vec<String> {
    let links = summary.lines().filter_map(|line| line.trim().strip_prefix("- ["));
    let target = |link: &str| Some(link.split_once("](")?.1.strip_suffix(')')?.to_owned());
    links.filter_map(target).collect()
}

/// A page in which links to files outside the book are links to the repository.
pub(super) fn with_outside_links(page: &str, repository: &str) -> String {
    page.replace("](../", &format!("]({repository}/blob/main/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_lists_every_page() {
        let docs = crate::root().join("docs");
        assert!(Summary::read(&docs).unwrap().pages.len() > 10);
    }

    #[test]
    fn pages_of_a_summary_are_in_its_order() {
        let found = pages("# Summary\n\n- [B](b.md)\n  - [A a](a.md)\n\ntext [c](c.md)\n");
        assert_eq!(found, ["b.md", "a.md"]);
    }

    #[test]
    fn only_links_out_of_the_book_are_changed() {
        let found = with_outside_links("[a](b.md) [c](../tests/d.py)", "https://example.org/r");
        assert_eq!(found, "[a](b.md) [c](https://example.org/r/blob/main/tests/d.py)");
    }
}
