//! The names of weights in a family's files.
//!
//! A name is a path of segments. In a pattern `*` matches any one segment and `**` one or more; what they matched in our
//! name is put into theirs, in the same order.

/// How a tensor of a file holds a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Same,
    /// With rows and columns swapped: `[d_in, d_out]`, as in GPT-2's Conv1D.
    Transposed,
    /// One of `of` parts of the last dimension, side by side, and transposed where it is a matrix.
    Columns { part: usize, of: usize },
    /// After a dimension of one.
    Row,
}

/// Our name of a parameter and the family's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    ours: &'static str,
    theirs: &'static str,
    form: Form,
    optional: bool,
}

/// A parameter that the file holds as it is.
pub(super) const fn rule(ours: &'static str, theirs: &'static str) -> Rule {
    Rule { ours, theirs, form: Form::Same, optional: false }
}

impl Rule {
    /// Rows and columns are swapped.
    pub(super) const fn transposed(self) -> Self {
        Self { form: Form::Transposed, ..self }
    }

    /// The parameter is one of several that the file holds side by side.
    pub(super) const fn columns(self, part: usize, of: usize) -> Self {
        Self { form: Form::Columns { part, of }, ..self }
    }

    /// The file has a dimension of one before those of the parameter.
    pub(super) const fn row(self) -> Self {
        Self { form: Form::Row, ..self }
    }

    /// A file without the tensor means zeros.
    pub(super) const fn or_zeros(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// Where a file holds a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The tensor's name.
    pub(super) name: String,
    /// How it holds the parameter.
    pub(super) form: Form,
    /// Whether a file without it means zeros.
    pub(super) optional: bool,
}

/// The weights of a family's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Tables of names; the first rule that fits a parameter holds.
    pub(super) rules: Vec<&'static [Rule]>,
    /// What our names begin with in a model with a head, and not in the rules.
    pub(super) ours_prefix: &'static str,
    /// What names begin with in files of a model with a head, and in the rules; a model without one may leave it out.
    pub(super) prefix: &'static str,
    /// Whether files are written without the prefix.
    pub(super) bare: bool,
    /// Other names of the same tensor: tied weights, and names of older versions.
    pub(super) aliases: Vec<(&'static str, &'static str)>,
    /// Tensors that are not needed: computed tables, and the heads of other tasks.
    pub(super) ignored: Vec<&'static str>,
    /// Names under which a file carries the sinusoids of encoder and decoder, where it must.
    pub(super) sinusoids: &'static [&'static str],
}

impl Names {
    /// Where a file holds the parameter at `path`; `None` if the family has no such parameter.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        let path = path.strip_prefix(self.ours_prefix).unwrap_or(path);
        self.rules.iter().copied().flatten().find_map(|rule| {
            let name = translate(rule.ours, rule.theirs, path)?;
            Some(Place { name, form: rule.form, optional: rule.optional })
        })
    }

    /// The name under which a tensor is written.
    pub(super) fn written(&self, name: &str) -> String {
        match self.without_prefix(name) {
            Some(bare) if self.bare => bare.to_owned(),
            _ => name.to_owned(),
        }
    }

    /// Every name that a file may have for a tensor, the usual one first.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        let aliases =
            self.aliases.iter().filter_map(|(usual, other)| translate(usual, other, name));
        let with_prefix: Vec<String> = std::iter::once(name.to_owned()).chain(aliases).collect();
        let bare = with_prefix.iter().filter_map(|name| self.without_prefix(name));
        let bare: Vec<String> = bare.map(str::to_owned).collect();
        with_prefix.into_iter().chain(bare).collect()
    }

    /// Whether a tensor without a place is none that is missed.
    pub(super) fn is_ignored(&self, name: &str) -> bool {
        let prefixed = format!("{}.{name}", self.prefix);
        let fits = |pattern: &&&str| {
            captures(pattern, name).is_some() || captures(pattern, &prefixed).is_some()
        };
        self.ignored.iter().any(|pattern| fits(&pattern)) || self.sinusoids.contains(&name)
    }

    /// Whether a tensor may have this name in a file of the family.
    pub(super) fn is_known(&self, name: &str) -> bool {
        let prefixed = format!("{}.{name}", self.prefix);
        let fits = |pattern: &str| {
            captures(pattern, name).is_some()
                || (!self.prefix.is_empty() && captures(pattern, &prefixed).is_some())
        };
        self.rules.iter().copied().flatten().any(|rule| fits(rule.theirs))
            || self.aliases.iter().any(|(_, other)| !other.starts_with("**") && fits(other))
            || self.is_ignored(name)
    }

    fn without_prefix<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.prefix)?.strip_prefix('.').filter(|_| !self.prefix.is_empty())
    }
}

/// The name that `theirs` gives what `ours` fits.
fn translate(ours: &str, theirs: &str, name: &str) -> Option<String> {
    let mut captured = captures(ours, name)?.into_iter();
    let filled = theirs.split('.').map(|segment| match segment {
        "*" | "**" => captured.next().unwrap_or_default(),
        _ => segment.to_owned(),
    });
    Some(filled.collect::<Vec<_>>().join("."))
}

/// What the stars of a pattern match, if it fits the name.
fn captures(pattern: &str, name: &str) -> Option<Vec<String>> {
    let segments: Vec<&str> = name.split('.').collect();
    let patterns: Vec<&str> = pattern.split('.').collect();
    let Some(at) = patterns.iter().position(|pattern| *pattern == "**") else {
        return fit(&patterns, &segments);
    };
    let (before, after) = (&patterns[..at], &patterns[at + 1..]);
    let end = segments.len().checked_sub(after.len()).filter(|&end| end > at)?;
    let free = segments[at..end].join(".");
    Some([fit(before, &segments[..at])?, vec![free], fit(after, &segments[end..])?].concat())
}

/// What single stars match, if the patterns fit the segments one by one.
fn fit(patterns: &[&str], segments: &[&str]) -> Option<Vec<String>> {
    let fits = |(pattern, segment): (&&str, &&str)| *pattern == "*" || pattern == segment;
    let pairs = || patterns.iter().zip(segments);
    (patterns.len() == segments.len() && pairs().all(fits)).then(|| {
        let stars = pairs().filter(|(pattern, _)| **pattern == "*");
        stars.map(|(_, segment)| (*segment).to_owned()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &[Rule] = &[
        rule("embedding", "model.wte.weight"),
        rule("layers.*.attn.*", "model.h.*.attention.*"),
        rule("layers.*.norm.*", "model.h.*.ln.*").transposed(),
    ];

    fn names() -> Names {
        Names {
            rules: vec![RULES],
            prefix: "model",
            aliases: vec![("model.wte.weight", "lm_head.weight"), ("**.ln.weight", "**.ln.gamma")],
            ignored: vec!["**.masked_bias", "model.pooler.*", "head.**"],
            ..Names::default()
        }
    }

    #[test]
    fn stars_of_our_name_stand_in_theirs() {
        let place = names().place("layers.11.norm.bias").unwrap();
        assert_eq!((place.name.as_str(), place.form), ("model.h.11.ln.bias", Form::Transposed));
        assert_eq!(names().place("embedding").unwrap().name, "model.wte.weight");
        assert_eq!(names().place("layers.11.norm"), None);
    }

    #[test]
    fn a_tensor_may_have_other_names_and_no_prefix() {
        let of = |name| names().candidates(name);
        assert_eq!(of("model.wte.weight"), ["model.wte.weight", "lm_head.weight", "wte.weight"]);
        let norm = ["model.h.0.ln.weight", "model.h.0.ln.gamma", "h.0.ln.weight", "h.0.ln.gamma"];
        assert_eq!(of("model.h.0.ln.weight"), norm);
    }

    #[test]
    fn what_is_not_needed_is_known_with_and_without_the_prefix() {
        for name in ["model.h.3.attention.masked_bias", "model.pooler.weight", "pooler.weight"] {
            assert!(names().is_ignored(name), "{name}");
        }
        assert!(names().is_ignored("head.bias") && names().is_ignored("head.dense.bias"));
        for name in ["model.h.0.adapter.weight", "head", "model.head.bias"] {
            assert!(!names().is_ignored(name), "{name}");
        }
    }

    #[test]
    fn a_model_without_a_head_is_written_without_the_prefix() {
        let bare = Names { bare: true, ..names() };
        assert_eq!(bare.written("model.h.0.ln.weight"), "h.0.ln.weight");
        assert_eq!(names().written("model.h.0.ln.weight"), "model.h.0.ln.weight");
    }
}
