//! A parsed `Cargo.toml` with line numbers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The parts of a manifest that the rules check.
pub(super) struct Manifest {
    /// The path relative to the workspace's root.
    pub(super) path: PathBuf,
    /// The package name; empty for the workspace manifest.
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) features: Vec<Feature>,
    /// Whether it contains `[lints] workspace = true`.
    pub(super) inherits_lints: bool,
}

/// A dependency.
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) section: Section,
    pub(super) features: Vec<String>,
    pub(super) line: usize,
}

/// Where a dependency is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Normal,
    Dev,
    Build,
    /// `[workspace.dependencies]`
    Workspace,
}

const SECTIONS: [(&str, Section); 3] = [
    ("dependencies", Section::Normal),
    ("dev-dependencies", Section::Dev),
    ("build-dependencies", Section::Build),
];

/// A feature and the features it enables.
pub(super) struct Feature {
    pub(super) name: String,
    pub(super) enables: Vec<String>,
    pub(super) line: usize,
}

impl Manifest {
    /// Parses a manifest; findings will name `path`.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self> {
        let document = DeTable::parse(text)
            .with_context(|| format!("{} is not valid TOML", path.display()))?
            .into_inner();
        let reader = Reader { text };
        let document = DeValue::Table(document);
        let package_name = find(&document, &["package", "name"]).and_then(DeValue::as_str);
        Ok(Self {
            path: path.to_owned(),
            name: package_name.unwrap_or_default().to_owned(),
            dependencies: reader.all_dependencies(&document),
            features: reader.features(&document),
            inherits_lints: find(&document, &["lints", "workspace"]).and_then(DeValue::as_bool)
                == Some(true),
        })
    }
}

/// Converts spans to line numbers.
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn line(&self, spanned: &Spanned<impl Sized>) -> usize {
        self.text[..spanned.span().start].matches('\n').count() + 1
    }

    fn all_dependencies(&self, document: &DeValue<'_>) -> Vec<Dependency> {
        let workspace = find(document, &["workspace", "dependencies"]);
        let mut found = self.dependencies(workspace, Section::Workspace);
        let targets = find(document, &["target"]).and_then(DeValue::as_table);
        let targets = targets.into_iter().flat_map(|targets| targets.values());
        for table in targets.map(Spanned::get_ref).chain([document]) {
            for (name, section) in SECTIONS {
                found.extend(self.dependencies(find(table, &[name]), section));
            }
        }
        found
    }

    fn dependencies(&self, table: Option<&DeValue<'_>>, section: Section) -> Vec<Dependency> {
        let entries = table.and_then(DeValue::as_table).into_iter().flatten();
        entries
            .map(|(key, value)| {
                // a renamed dependency has its real name in `package`
                let package = find(value.get_ref(), &["package"]).and_then(DeValue::as_str);
                Dependency {
                    name: package.unwrap_or(key.get_ref()).to_owned(),
                    section,
                    features: strings(find(value.get_ref(), &["features"])),
                    line: self.line(key),
                }
            })
            .collect()
    }

    fn features(&self, document: &DeValue<'_>) -> Vec<Feature> {
        let entries = find(document, &["features"]).and_then(DeValue::as_table);
        entries
            .into_iter()
            .flatten()
            .map(|(key, value)| Feature {
                name: key.get_ref().to_string(),
                enables: strings(Some(value.get_ref())),
                line: self.line(key),
            })
            .collect()
    }
}

/// The value under a path of keys.
fn find<'a, 'i>(value: &'a DeValue<'i>, path: &[&str]) -> Option<&'a DeValue<'i>> {
    path.iter().try_fold(value, |value, key| value.get(*key).map(Spanned::get_ref))
}

/// The strings in an array.
fn strings(array: Option<&DeValue<'_>>) -> Vec<String> {
    let items = array.and_then(DeValue::as_array).into_iter().flat_map(|array| array.iter());
    items.filter_map(|item| item.get_ref().as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Manifest {
        Manifest::parse(Path::new("Cargo.toml"), text).unwrap()
    }

    #[test]
    fn every_form_of_a_dependency_is_read() {
        let manifest = parse(
            "[dependencies]\n\
             a.workspace = true\n\
             b = { package = \"real-b\", version = \"1\", features = [\"x\"] }\n\
             [dev-dependencies]\n\
             c = \"1\"\n\
             [target.'cfg(unix)'.build-dependencies.d]\n\
             version = \"1\"\n",
        );
        let mut found: Vec<_> =
            manifest.dependencies.iter().map(|d| (d.line, d.name.as_str(), d.section)).collect();
        found.sort_by_key(|dependency| dependency.0);
        let expected = [
            (2, "a", Section::Normal),
            (3, "real-b", Section::Normal),
            (5, "c", Section::Dev),
            (6, "d", Section::Build),
        ];
        assert_eq!(found, expected);
        let with_features = manifest.dependencies.iter().find(|d| d.name == "real-b").unwrap();
        assert_eq!(with_features.features, ["x"]);
    }

    #[test]
    fn inherited_lints_are_read() {
        assert!(parse("[lints]\nworkspace = true\n").inherits_lints);
        assert!(!parse("[lints.rust]\nunsafe_code = \"allow\"\n").inherits_lints);
    }
}
