//! The names of weights in a family's files.
//!
//! A name is a path of segments. In a pattern, `*` matches one segment and `**` one or more. The segments matched in
//! our name replace the stars of the family's name, in order.

/// How a parameter is stored in a tensor of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Unchanged.
    Same,
    /// Transposed: `[d_in, d_out]`, as in GPT-2's Conv1D.
    Transposed,
    /// One of `of` parts that are concatenated along the last dimension; matrices are also transposed.
    Columns { part: usize, of: usize },
    /// With a leading dimension of 1.
    Row,
}

/// A parameter's name in this crate and in the family's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    ours: &'static str,
    theirs: &'static str,
    form: Form,
    optional: bool,
}

/// A parameter that is stored unchanged.
pub(super) const fn rule(ours: &'static str, theirs: &'static str) -> Rule {
    Rule { ours, theirs, form: Form::Same, optional: false }
}

impl Rule {
    /// The parameter is stored transposed.
    pub(super) const fn transposed(self) -> Self {
        Self { form: Form::Transposed, ..self }
    }

    /// The parameter is part `part` of `of` concatenated parts.
    pub(super) const fn columns(self, part: usize, of: usize) -> Self {
        Self { form: Form::Columns { part, of }, ..self }
    }

    /// The parameter is stored with a leading dimension of 1.
    pub(super) const fn row(self) -> Self {
        Self { form: Form::Row, ..self }
    }

    /// If the file does not have the tensor, the parameter is zero.
    pub(super) const fn or_zeros(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// The location of a parameter in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// The tensor's name.
    pub(super) name: String,
    /// How the parameter is stored in it.
    pub(super) form: Form,
    /// Whether the parameter is zero if the file does not have the tensor.
    pub(super) optional: bool,
}

/// The names of the weights in a family's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Tables of rules; the first rule that matches a parameter applies.
    pub(super) rules: Vec<&'static [Rule]>,
    /// The prefix of our names in a model with a head. The rules do not contain it.
    pub(super) ours_prefix: &'static str,
    /// The prefix of names in the files of a model with a head. The rules contain it; files of a model without a head
    /// may omit it.
    pub(super) prefix: &'static str,
    /// Whether files are written without the prefix.
    pub(super) bare: bool,
    /// Other names of a tensor: tied weights and names of older versions.
    pub(super) aliases: Vec<(&'static str, &'static str)>,
    /// Tensors that are not needed: computed tables and the heads of other tasks.
    pub(super) ignored: Vec<&'static str>,
    /// The names of the sinusoidal tables of encoder and decoder, if files contain them.
    pub(super) sinusoids: &'static [&'static str],
}

impl Names {
    /// The location of the parameter at `path`; `None` if the family has no such parameter.
    pub(super) fn locate(&self, path: &str) -> Option<Location> {
        let path = path.strip_prefix(self.ours_prefix).unwrap_or(path);
        self.rules.iter().copied().flatten().find_map(|rule| {
            let name = translate(rule.ours, rule.theirs, path)?;
            Some(Location { name, form: rule.form, optional: rule.optional })
        })
    }

    /// The name of a tensor in written files.
    pub(super) fn written(&self, name: &str) -> String {
        match self.without_prefix(name) {
            Some(bare) if self.bare => bare.to_owned(),
            _ => name.to_owned(),
        }
    }

    /// All possible names of a tensor, the usual name first.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        let aliases =
            self.aliases.iter().filter_map(|(usual, other)| translate(usual, other, name));
        let with_prefix: Vec<String> = std::iter::once(name.to_owned()).chain(aliases).collect();
        let bare = with_prefix.iter().filter_map(|name| self.without_prefix(name));
        let bare: Vec<String> = bare.map(str::to_owned).collect();
        with_prefix.into_iter().chain(bare).collect()
    }

    /// Whether a tensor is not needed.
    pub(super) fn is_ignored(&self, name: &str) -> bool {
        let prefixed = format!("{}.{name}", self.prefix);
        let fits = |pattern: &&&str| {
            captures(pattern, name).is_some() || captures(pattern, &prefixed).is_some()
        };
        self.ignored.iter().any(|pattern| fits(&pattern)) || self.sinusoids.contains(&name)
    }

    /// Whether files of the family may contain a tensor with this name.
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

/// Translates a name that matches `ours` to `theirs`.
fn translate(ours: &str, theirs: &str, name: &str) -> Option<String> {
    let mut captured = captures(ours, name)?.into_iter();
    let filled = theirs.split('.').map(|segment| match segment {
        "*" | "**" => captured.next().unwrap_or_default(),
        _ => segment.to_owned(),
    });
    Some(filled.collect::<Vec<_>>().join("."))
}

/// The segments matched by the stars of a pattern, if the pattern matches.
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

/// Like [`captures`], for patterns without `**`.
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
    fn matched_segments_replace_the_stars() {
        let location = names().locate("layers.11.norm.bias").unwrap();
        let found = (location.name.as_str(), location.form);
        assert_eq!(found, ("model.h.11.ln.bias", Form::Transposed));
        assert_eq!(names().locate("embedding").unwrap().name, "model.wte.weight");
        assert_eq!(names().locate("layers.11.norm"), None);
    }

    #[test]
    fn a_tensor_may_have_other_names_and_no_prefix() {
        let of = |name| names().candidates(name);
        assert_eq!(of("model.wte.weight"), ["model.wte.weight", "lm_head.weight", "wte.weight"]);
        let norm = ["model.h.0.ln.weight", "model.h.0.ln.gamma", "h.0.ln.weight", "h.0.ln.gamma"];
        assert_eq!(of("model.h.0.ln.weight"), norm);
    }

    #[test]
    fn ignored_tensors_are_recognized_with_and_without_the_prefix() {
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
