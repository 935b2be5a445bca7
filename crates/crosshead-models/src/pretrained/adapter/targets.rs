//! The modules that an adapter changes.

use serde::{Deserialize, Serialize};

use super::patterns;

/// The linear layers that get a low-rank update: `target_modules` of PEFT. Names are those of the modules in
/// `transformers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "all-linear, a regular expression or a list of names")]
pub enum LoraTargets {
    /// `all-linear`: every linear layer except the head. Otherwise a regular expression that matches the whole name of a
    /// module.
    Pattern(String),
    /// Modules with one of these names, or whose names end with a dot and one of them.
    Names(Vec<String>),
}

impl LoraTargets {
    /// The pattern that names every linear layer.
    pub const ALL_LINEAR: &'static str = "all-linear";

    /// Every linear layer except the head.
    pub fn all_linear() -> Self {
        Self::Pattern(Self::ALL_LINEAR.to_owned())
    }

    /// Whether a module is named.
    ///
    /// # Errors
    /// If the regular expression is invalid.
    pub(super) fn name(&self, module: &str) -> Result<bool, regex::Error> {
        match self {
            Self::Pattern(pattern) if pattern == Self::ALL_LINEAR => Ok(true),
            Self::Pattern(pattern) => patterns::matches(pattern, module),
            Self::Names(names) => Ok(names.iter().any(|name| is_end(name, module))),
        }
    }

    /// The first name in a list that names none of these modules.
    pub(super) fn unused<'a>(&'a self, modules: &[String]) -> Option<&'a str> {
        let Self::Names(names) = self else { return None };
        let is_unused = |name: &&String| !modules.iter().any(|module| is_end(name, module));
        names.iter().find(is_unused).map(String::as_str)
    }
}

/// Whether `name` is the name of a module, or its end after a dot.
fn is_end(name: &str, module: &str) -> bool {
    module.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The shortest ends of the names of `modules` that none of `others` has.
pub(super) fn ends(modules: &[String], others: &[String]) -> Vec<String> {
    let end = |module: &String| {
        let starts = module.rmatch_indices('.').map(|(dot, _)| &module[dot + 1..]);
        let is_free = |end: &&str| !others.iter().any(|other| is_end(end, other));
        starts.chain([module.as_str()]).find(is_free).unwrap_or(module).to_owned()
    };
    let mut ends: Vec<String> = modules.iter().map(end).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULES: [&str; 4] = [
        "encoder.0.self_attn.q_proj",
        "encoder.0.fc1",
        "decoder.0.self_attn.q_proj",
        "pooler.dense",
    ];

    fn named(targets: &str) -> Vec<&'static str> {
        let targets: LoraTargets = serde_json::from_str(targets).unwrap();
        MODULES.into_iter().filter(|module| targets.name(module).unwrap()).collect()
    }

    #[test]
    fn modules_are_named_as_in_peft() {
        assert_eq!(named("\"all-linear\""), MODULES);
        assert_eq!(named("[\"q_proj\"]"), [MODULES[0], MODULES[2]]);
        assert_eq!(named("[\"proj\", \"dense\", \"fc\"]"), [MODULES[3]]);
        assert_eq!(named("[\"encoder.0.fc1\"]"), [MODULES[1]]);
        // A text is a regular expression for the whole name.
        assert_eq!(named("\"q_proj\""), [""; 0]);
        assert_eq!(named(r#"".*decoder.*(q|v)_proj""#), [MODULES[2]]);
        assert!(LoraTargets::Pattern("(".to_owned()).name("a").is_err());
    }

    #[test]
    fn ends_name_only_the_modules() {
        let of = |modules: &[&str], others: &[&str]| {
            let owned =
                |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
            ends(&owned(modules), &owned(others))
        };
        assert_eq!(of(&MODULES[..3], &MODULES[3..]), ["fc1", "q_proj"]);
        assert_eq!(
            of(&["a.output.dense", "b.dense"], &["pooler.dense"]),
            ["b.dense", "output.dense"]
        );
        assert_eq!(of(&["dense"], &["pooler.dense"]), ["dense"]);
    }
}
