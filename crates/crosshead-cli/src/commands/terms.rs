//! The glossary of `crosshead translate`.

use anyhow::Context;
use crosshead::Required;
use crosshead::documents::{Glossary, Inflected, TermMatch};

use crate::args::GlossaryArgs;
use crate::output;

/// A glossary, and which forms of its translations count.
pub(super) struct Terms {
    glossary: Glossary,
    inflected: Inflected,
}

impl Terms {
    /// Reads the glossary of the command line; an empty one if there is none.
    pub(super) fn read(args: &GlossaryArgs) -> anyhow::Result<Self> {
        let inflected = match args.glossary_inflect {
            true => Inflected::Accepted,
            false => Inflected::Refused,
        };
        let Some(path) = &args.glossary else {
            return Ok(Self { glossary: Glossary::default(), inflected });
        };
        let name = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(name)?;
        Ok(Self { glossary: Glossary::parse(&text).with_context(name)?, inflected })
    }

    /// What the translation of a sentence must contain.
    pub(super) fn required(&self, sentence: &str) -> Vec<Required> {
        let required = |found: TermMatch<'_>| {
            let forms = Required::new(found.term.forms(self.inflected));
            forms.with_whole_words(found.term.has_words()).with_source(found.range)
        };
        self.glossary.find(sentence).into_iter().map(required).collect()
    }

    /// Warns of terms whose translation did not come out.
    pub(super) fn warn_of_missing(&self, sentence: &str, translation: &str) {
        for term in self.glossary.missing(sentence, translation, self.inflected) {
            let (source, target) = (term.source(), term.target());
            output::message(format_args!(
                "warning: the translation has no `{target}` for `{source}` in: {sentence}"
            ));
        }
    }
}
