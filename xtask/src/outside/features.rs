//! A package without code that depends on every external crate of the workspace, with the same features. When it is
//! built together with a program, the program's dependencies get the same features as in the main build, so cargo finds
//! them already compiled.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::read_toml;

/// Crates whose features only the programs may enable, because a README must name the features that it needs.
const LEFT_TO_PROGRAMS: [&str; 2] = ["burn", "burn-std"];

/// The manifest of the package `name`. Its feature `burn` adds the crates that are left to the programs.
pub(super) fn manifest(root: &Path, name: &str) -> Result<String> {
    let main = read_toml(&root.join("Cargo.toml"))?;
    let common = find(&main, &["workspace", "dependencies"]);
    let mut merged = Table::new();
    for folder in members(root)? {
        add(&mut merged, &read_toml(&folder.join("Cargo.toml"))?, common)?;
    }
    for name in LEFT_TO_PROGRAMS {
        if let Some(Value::Table(dependency)) = merged.get_mut(name) {
            dependency.insert("optional".to_owned(), true.into());
        }
    }
    let burn: Vec<Value> =
        LEFT_TO_PROGRAMS.iter().map(|name| format!("dep:{name}").into()).collect();
    let package = [("name", Value::from(name)), ("edition", "2024".into())];
    let manifest = Table::from_iter([
        ("package".to_owned(), table(package)),
        ("features".to_owned(), table([("burn", Value::from(burn))])),
        ("dependencies".to_owned(), merged.into()),
    ]);
    Ok(toml::to_string(&manifest)?)
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Table::from_iter(entries.map(|(key, value)| (key.to_owned(), value))).into()
}

/// The folders of the workspace's members.
fn members(root: &Path) -> Result<Vec<PathBuf>> {
    let mut members = vec![root.join("tests"), root.join("xtask")];
    for entry in fs::read_dir(root.join("crates"))? {
        members.push(entry?.path());
    }
    members.sort();
    Ok(members)
}

/// Merges the external dependencies of a member, from all sections, into `merged`.
fn add(merged: &mut Table, member: &Table, common: Option<&Table>) -> Result<()> {
    let targets = find(member, &["target"]).into_iter().flat_map(Table::values);
    let owners = targets.filter_map(Value::as_table).chain([member]);
    for owner in owners {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, dependency) in find(owner, &[section]).into_iter().flatten() {
                let dependency = resolve(name, dependency, common)?;
                if !dependency.contains_key("path") {
                    merge(merged, name, dependency);
                }
            }
        }
    }
    Ok(())
}

/// A dependency as a table, including what it inherits from `[workspace.dependencies]`.
fn resolve(name: &str, dependency: &Value, common: Option<&Table>) -> Result<Table> {
    let Value::Table(own) = dependency else {
        return Ok(Table::from_iter([("version".to_owned(), dependency.clone())]));
    };
    if own.get("workspace").and_then(Value::as_bool) != Some(true) {
        return Ok(own.clone());
    }
    let inherited = common
        .and_then(|common| common.get(name))
        .with_context(|| format!("{name} is not in [workspace.dependencies]"))?;
    let mut resolved = resolve(name, inherited, None)?;
    extend_features(&mut resolved, own);
    Ok(resolved)
}

fn merge(merged: &mut Table, name: &str, mut dependency: Table) {
    dependency.remove("optional");
    match merged.get_mut(name) {
        Some(Value::Table(known)) => extend_features(known, &dependency),
        _ => {
            merged.insert(name.to_owned(), dependency.into());
        }
    }
}

/// Adds the features of `more` to those of `dependency`.
fn extend_features(dependency: &mut Table, more: &Table) {
    let Some(Value::Array(more)) = more.get("features") else { return };
    let features = dependency.entry("features").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(features) = features {
        let new: Vec<Value> =
            more.iter().filter(|name| !features.contains(name)).cloned().collect();
        features.extend(new);
    }
}

fn find<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Table> {
    path.iter().try_fold(table, |table, key| table.get(*key)?.as_table())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_all_sections_are_merged() {
        let common = toml::toml! {
            a = { version = "1", default-features = false, features = ["x"] }
            own = { version = "1", path = "own" }
        };
        let member = toml::toml! {
            [dependencies]
            a = { workspace = true, optional = true }
            b = "2"
            own = { workspace = true }
            [dev-dependencies]
            a = { workspace = true, features = ["y"] }
            [target."cfg(unix)".dependencies]
            c = { version = "3", features = ["z"] }
        };
        let mut merged = Table::new();
        add(&mut merged, &member, Some(&common)).unwrap();
        let expected = toml::toml! {
            a = { version = "1", default-features = false, features = ["x", "y"] }
            b = { version = "2" }
            c = { version = "3", features = ["z"] }
        };
        assert_eq!(merged, expected);
    }

    #[test]
    fn burn_is_left_to_the_programs() {
        let manifest: Table = toml::from_str(&manifest(crate::root(), "x").unwrap()).unwrap();
        let burn = find(&manifest, &["dependencies", "burn"]).unwrap();
        assert_eq!(burn.get("optional"), Some(&Value::from(true)));
        let serde = find(&manifest, &["dependencies", "serde"]).unwrap();
        assert_eq!(serde.get("optional"), None);
    }
}
