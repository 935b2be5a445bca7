//! The imports of a file, parsed from text formatted by rustfmt.

/// The segments of a path, such as `["crate", "flex", "is_flex"]`.
pub(super) type Segments = Vec<String>;

/// The imports of one file, without unit tests.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Imports {
    /// The paths of private `use` declarations, and other paths that start with `crate`, `super` or `self`.
    pub(super) paths: Vec<Segments>,
    /// The items of `pub use`, by their exported names.
    pub(super) re_exports: Vec<(String, Segments)>,
    /// Modules that are declared only for unit tests.
    pub(super) test_modules: Vec<String>,
}

impl Imports {
    pub(super) fn parse(text: &str) -> Self {
        let mut imports = Self::default();
        let mut lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        while let Some(line) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                let item = lines.next().unwrap_or_default();
                match split_visibility(item).1.strip_prefix("mod ") {
                    Some("tests {") => break,
                    Some(name) => imports.test_modules.push(name.trim_end_matches(';').to_owned()),
                    None => {}
                }
                continue;
            }
            let (is_public, declaration) = split_visibility(line);
            let Some(tree) = declaration.strip_prefix("use ") else {
                imports.paths.extend(paths_in(line));
                continue;
            };
            let mut tree = tree.to_owned();
            while !tree.ends_with(';') {
                let Some(line) = lines.next() else { break };
                tree.push_str(line.trim());
            }
            for (name, path) in expand(tree.trim_end_matches(';'), &[]) {
                if is_public {
                    imports.re_exports.push((name, path));
                } else {
                    imports.paths.push(path);
                }
            }
        }
        imports
    }
}

/// Whether an item is public, at least within the crate, and the item without its visibility.
fn split_visibility(line: &str) -> (bool, &str) {
    let line = line.trim();
    let Some(rest) = line.strip_prefix("pub") else { return (false, line) };
    let rest = match rest.strip_prefix('(') {
        Some(restriction) => restriction.split_once(')').map_or("", |(_, rest)| rest),
        None => rest,
    };
    match rest.strip_prefix(' ') {
        Some(item) => (true, item),
        None => (false, line),
    }
}

/// The paths in a `use` tree, each with its local name.
fn expand(tree: &str, prefix: &[String]) -> Vec<(String, Segments)> {
    let tree = tree.trim();
    if let Some(group) = tree.strip_prefix('{').and_then(|tree| tree.strip_suffix('}')) {
        return split_group(group).into_iter().flat_map(|part| expand(part, prefix)).collect();
    }
    let mut path = prefix.to_vec();
    if let Some((segment, rest)) = tree.split_once("::") {
        path.push(segment.to_owned());
        return expand(rest, &path);
    }
    let (segment, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
    if segment != "self" || path.is_empty() {
        path.push(segment.to_owned());
    }
    let name =
        if alias.is_empty() { path.last().cloned().unwrap_or_default() } else { alias.to_owned() };
    vec![(name, path)]
}

/// Splits `a, b::{c, d}` at the commas outside braces.
fn split_group(group: &str) -> Vec<&str> {
    let mut depth = 0;
    let is_separator = |c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    };
    group.split(is_separator).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The paths in a line of code that start with `crate`, `super` or `self`.
fn paths_in(line: &str) -> Vec<Segments> {
    let is_part = |c: char| c.is_alphanumeric() || "_:$".contains(c);
    line.split(|c| !is_part(c))
        .map(|path| path.trim_end_matches(':').split("::").map(str::to_owned).collect::<Segments>())
        .filter(|path| path.len() > 1 && ["crate", "super", "self"].contains(&path[0].as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Segments {
        text.split("::").map(str::to_owned).collect()
    }

    #[test]
    fn use_trees_are_expanded() {
        let imports = Imports::parse(
            "use crate::a::{self, b::{C, D as E},\n    f::*,\n};\npub(crate) use self::g::H as I;\n",
        );
        let paths = ["crate::a", "crate::a::b::C", "crate::a::b::D", "crate::a::f::*"];
        assert_eq!(imports.paths, paths.map(path));
        assert_eq!(imports.re_exports, [("I".to_owned(), path("self::g::H"))]);
    }

    #[test]
    fn paths_in_code_are_found_and_comments_are_not() {
        let imports = Imports::parse("    crate::a::f(super::B::new()); // crate::c::D\n");
        assert_eq!(imports.paths, ["crate::a::f", "super::B::new"].map(path));
        assert!(Imports::parse("let x = $crate::a::f();").paths.is_empty());
    }

    #[test]
    fn unit_tests_are_ignored() {
        let imports = Imports::parse(
            "#[cfg(test)]\nmod helpers;\n\n#[cfg(test)]\nmod tests {\n    use crate::a::B;\n}\n",
        );
        assert_eq!(imports.test_modules, ["helpers"]);
        assert!(imports.paths.is_empty());
    }
}
