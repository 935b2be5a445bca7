//! What the files of a model say about it.

use std::path::Path;

use crosshead_documents::two_letters;
use crosshead_models::{AttentionKind, ModelDirectory};
use crosshead_tasks::{Domain, ModelTask, TaskError, Tokenizer, model_files};

/// What the files of a model say about it.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) family: &'static str,
    pub(crate) task: ModelTask,
    pub(crate) directions: Directions,
    /// What the model knows, in a few words.
    pub(crate) about: Option<String>,
    pub(crate) attention: &'static [AttentionKind],
    /// The mask token of a masked language model.
    pub(crate) mask: Option<String>,
}

/// The languages of a translator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directions {
    /// The language codes of the model, if it has several.
    codes: Vec<String>,
    /// The languages of a model with a single direction.
    single: Option<(String, String)>,
    /// Whether the model takes a source language.
    takes_source: bool,
}

/// Languages in the codes of a model; `None` is the model's only one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codes {
    pub(crate) source: Option<String>,
    pub(crate) target: Option<String>,
}

impl Facts {
    /// Reads the files of a model, but not its weights.
    ///
    /// # Errors
    /// If one of them is missing or malformed.
    pub(crate) fn read(name: &str, dir: &Path) -> Result<Self, TaskError> {
        let files = model_files(dir, None);
        let task = ModelTask::of(dir)?;
        let is_writer = matches!(task, ModelTask::Translation | ModelTask::Summarization);
        // The encoder of a sentence-transformers directory may be in a subfolder.
        let family = match files {
            Ok(ref files) => ModelDirectory::open(files.dir()).map_or("unknown", |dir| dir.family),
            Err(_) if task == ModelTask::Embedding => "sentence-transformers",
            Err(error) => return Err(error),
        };
        let mut facts = Self {
            family,
            task,
            directions: Directions::default(),
            about: None,
            attention: match task {
                _ if is_writer => &AttentionKind::ALL,
                ModelTask::Generation => &[AttentionKind::Decoder],
                _ => &[AttentionKind::Encoder],
            },
            mask: None,
        };
        let Ok(files) = files else { return Ok(facts) };
        let about = Domain::from_dir(files.dir())?.map(|domain| domain.about);
        facts.about = about.filter(|about| !about.is_empty());
        if task == ModelTask::FillMask {
            let tokenizer = Tokenizer::from_dir(files.dir())?;
            facts.mask = tokenizer.special().mask.and_then(|id| tokenizer.id_to_token(id));
        }
        if task == ModelTask::Translation {
            let tokenizer = Tokenizer::from_dir(files.dir())?;
            facts.directions = Directions {
                codes: tokenizer.languages().into_iter().map(str::to_owned).collect(),
                single: languages_of(name),
                takes_source: tokenizer.takes_source_language(),
            };
        }
        Ok(facts)
    }
}

impl Directions {
    /// The source languages, with two letters where there are such codes.
    pub(crate) fn from(&self) -> Vec<String> {
        match (&self.single, self.codes.is_empty()) {
            (Some((from, _)), true) => vec![from.clone()],
            // A model that takes only a target language translates from the language of its name.
            (Some((from, _)), false) if !self.takes_source => vec![from.clone()],
            (_, _) => short(&self.codes),
        }
    }

    /// The target languages.
    pub(crate) fn to(&self) -> Vec<String> {
        match (&self.single, self.codes.is_empty()) {
            (Some((_, to)), true) => vec![to.clone()],
            (_, _) => short(&self.codes),
        }
    }

    /// The codes of the model for these languages; none if it does not translate from or to one of them. A model whose name has
    /// no languages takes any.
    pub(crate) fn codes(&self, from: Option<&str>, to: Option<&str>) -> Option<Codes> {
        let is_known = |known: Vec<String>, asked: Option<&str>| {
            let is = |code: &String| asked.is_some_and(|asked| same(code, asked));
            asked.is_none() || known.is_empty() || known.iter().any(is)
        };
        if !is_known(self.from(), from) || !is_known(self.to(), to) {
            return None;
        }
        let code = |asked: Option<&str>| {
            let asked = asked?;
            let exact = self.codes.iter().find(|code| *code == asked);
            exact.or_else(|| self.codes.iter().find(|code| same(code, asked))).cloned()
        };
        let source = if self.takes_source { code(from) } else { None };
        Some(Codes { source, target: code(to) })
    }
}

/// Whether two codes mean the same language.
pub(crate) fn same(a: &str, b: &str) -> bool {
    two_letters(a).eq_ignore_ascii_case(two_letters(&b.to_ascii_lowercase()))
}

/// The codes with two letters, each once.
fn short(codes: &[String]) -> Vec<String> {
    let mut short: Vec<String> = codes.iter().map(|code| two_letters(code).to_owned()).collect();
    short.sort();
    short.dedup();
    short
}

/// The languages in a name such as `en-de`, `translate-en-de` or `opus-mt-en-fr`.
fn languages_of(name: &str) -> Option<(String, String)> {
    let mut parts = name.rsplit(['-', '/']);
    let (to, from) = (parts.next()?, parts.next()?);
    let is_code =
        |part: &str| (2..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_lowercase());
    (is_code(from) && is_code(to))
        .then(|| (two_letters(from).to_owned(), two_letters(to).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_read_from_names() {
        let found = |name| languages_of(name).map(|(from, to)| format!("{from} {to}"));
        for name in ["en-de", "translate-en-de", "opus-mt-eng-deu", "Helsinki-NLP/opus-mt-en-de"] {
            assert_eq!(found(name).as_deref(), Some("en de"), "{name}");
        }
        for name in ["sentiment", "all-MiniLM-L6-v2", "de", "m2m100_418M", "a-b"] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn codes_of_a_model_are_found_by_any_code_of_the_language() {
        let codes = vec!["eng_Latn".to_owned(), "deu_Latn".to_owned()];
        let directions = Directions { codes, single: None, takes_source: true };
        let found = directions.codes(Some("en"), Some("DE")).unwrap();
        assert_eq!(found.source.as_deref(), Some("eng_Latn"));
        assert_eq!(found.target.as_deref(), Some("deu_Latn"));
        assert_eq!(directions.codes(Some("en"), Some("fr")), None);
        let single = Directions { single: Some(("en".into(), "de".into())), ..Default::default() };
        assert_eq!(single.codes(Some("en-US"), Some("de")), Some(Codes::default()));
        assert_eq!(single.codes(Some("de"), Some("en")), None);
        assert!(Directions::default().codes(Some("x"), Some("y")).is_some());
    }
}
