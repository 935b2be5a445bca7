//! Circular imports between the files of a crate. Such files can only be understood and moved together.
//!
//! For the file that uses it, a re-export is resolved to the definition of the item. A module and its submodules count
//! as one, so imports between a `mod.rs` and its submodules do not form a circle.

mod parse;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::slice;

use self::parse::{Imports, Segments};
use super::Finding;

/// Finds circular imports; `sources` are paths relative to the workspace's root, with their texts.
pub(super) fn check(sources: &[(PathBuf, String)]) -> Vec<Finding> {
    let mut crates: BTreeMap<PathBuf, Modules> = BTreeMap::new();
    for (path, text) in sources {
        if let Some((folder, module)) = locate(path) {
            let file = File { path: path.clone(), imports: Imports::parse(text) };
            crates.entry(folder).or_default().files.insert(module, file);
        }
    }
    crates.values_mut().for_each(Modules::leave_out_tests);
    crates.values().flat_map(Modules::circles).collect()
}

/// The `src` folder of a file, and the path of its module in the crate.
fn locate(path: &Path) -> Option<(PathBuf, Segments)> {
    let folder = path.ancestors().find(|folder| folder.ends_with("src"))?;
    let inner = path.strip_prefix(folder).ok()?.with_extension("");
    let mut module: Segments =
        inner.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let last = module.last().map(String::as_str);
    if last == Some("mod") || module.len() == 1 && matches!(last, Some("lib" | "main")) {
        module.pop();
    }
    Some((folder.to_owned(), module))
}

struct File {
    path: PathBuf,
    imports: Imports,
}

/// The files of one crate, by the path of their module.
#[derive(Default)]
struct Modules {
    files: BTreeMap<Segments, File>,
}

impl Modules {
    fn leave_out_tests(&mut self) {
        let of_file = |(module, file): (&Segments, &File)| -> Vec<Segments> {
            let names = file.imports.test_modules.iter();
            names.map(|name| [module, slice::from_ref(name)].concat()).collect()
        };
        let tests: Vec<Segments> = self.files.iter().flat_map(of_file).collect();
        self.files.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
    }

    fn circles(&self) -> Vec<Finding> {
        let edges: BTreeMap<&Segments, BTreeSet<&Segments>> =
            self.files.keys().map(|module| (module, self.imports_of(module))).collect();
        // Each circle is reported at its first file.
        let circles = self.files.keys().filter_map(|start| shortest_circle(start, &edges));
        circles
            .filter(|circle| circle.iter().min() == circle.first())
            .map(|circle| {
                let first = &self.files[circle[0]].path;
                let others = circle[1..].iter().chain(&circle[..1]);
                let others: Vec<String> =
                    others.map(|module| self.files[*module].path.display().to_string()).collect();
                let message = format!(
                    "circular import, {}: move the shared code into a separate file",
                    others.join(", which imports ")
                );
                Finding::new(first, 1, message)
            })
            .collect()
    }

    /// The modules that a module imports from, except its submodules and parents.
    fn imports_of(&self, module: &Segments) -> BTreeSet<&Segments> {
        let mut found = BTreeSet::new();
        for path in &self.files[module].imports.paths {
            self.resolve(module, path, &mut BTreeSet::new(), &mut found);
        }
        found.retain(|other| !other.starts_with(module) && !module.starts_with(other));
        found
    }

    /// Adds the modules that define the item at `path`, as seen from module `from`.
    fn resolve<'a>(
        &'a self,
        from: &[String],
        path: &[String],
        seen: &mut BTreeSet<(Segments, Segments)>,
        found: &mut BTreeSet<&'a Segments>,
    ) {
        if !seen.insert((from.to_vec(), path.to_vec())) {
            return;
        }
        let mut module = from.to_vec();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => (module, rest) = (Vec::new(), &path[1..]),
            Some("self") => rest = &path[1..],
            Some("super") => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            Some(name) if self.files.contains_key(&[from, &[name.to_owned()]].concat()) => {}
            _ => return, // another crate
        }
        while let [name, after @ ..] = rest {
            let inner = [&module[..], slice::from_ref(name)].concat();
            if !self.files.contains_key(&inner) {
                break;
            }
            (module, rest) = (inner, after);
        }
        let Some((module, file)) = self.files.get_key_value(&module) else { return };
        let re_exports = &file.imports.re_exports;
        match rest {
            // The module itself is imported, so everything in it can be used.
            [] => {
                found.insert(module);
                for (_, target) in re_exports {
                    self.resolve(module, target, seen, found);
                }
            }
            [name] if name == "*" => self.resolve(module, &["self".to_owned()], seen, found),
            [name, after @ ..] => match re_exports.iter().find(|(exported, _)| exported == name) {
                Some((_, target)) => {
                    self.resolve(module, &[target, after].concat(), seen, found);
                }
                None => {
                    found.insert(module);
                }
            },
        }
    }
}

/// The shortest path from a module back to itself, without the final module.
fn shortest_circle<'a>(
    start: &'a Segments,
    edges: &BTreeMap<&'a Segments, BTreeSet<&'a Segments>>,
) -> Option<Vec<&'a Segments>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for &next in edges.get(way.last()?)? {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push_back([&way[..], &[next]].concat());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<_> = files
            .iter()
            .map(|(path, text)| (Path::new("crates/x/src").join(path), (*text).to_owned()))
            .collect();
        let findings = check(&sources);
        findings.iter().map(|finding| finding.path.display().to_string()).collect()
    }

    #[test]
    fn a_circle_is_found_once() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "fn f() {\n    super::c::f();\n}"),
            ("c.rs", "use crate::a::A;"),
        ];
        assert_eq!(found(&files), ["crates/x/src/a.rs"]);
        assert!(found(&files[..3]).is_empty());
    }

    #[test]
    fn re_exports_are_followed() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;"),
            ("a.rs", "use crate::B;"),
            ("b/mod.rs", "mod inner;\npub use inner::B;"),
            ("b/inner.rs", "use crate::A;"),
        ];
        assert_eq!(found(&files), ["crates/x/src/a.rs"]);
    }

    #[test]
    fn a_module_and_its_submodules_count_as_one() {
        let files =
            [("a/mod.rs", "mod b;\nuse self::b::B;\nstruct A;"), ("a/b.rs", "use super::A;")];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn tests_may_import_what_they_test() {
        let files = [
            ("lib.rs", "#[cfg(test)]\nmod tests;\nmod a;"),
            ("a.rs", "#[cfg(test)]\nuse crate::tests::helper;\n"),
            ("tests.rs", "use crate::a::A;"),
        ];
        assert!(found(&files).is_empty());
    }
}
