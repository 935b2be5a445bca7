//! The recipe of translation and summarization.
//!
//! A file is a path, or `embedded:` and the name of data that the program carries.

use crosshead_data::Column;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection, TrainDefaults,
    TrainSection, at_least,
};
use crate::report::metric;

/// Which text the model writes for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextToTextKind {
    /// A translation of a sentence.
    Translate,
    /// A short text that says what a long one is about.
    Summarize,
}

/// Translation or summarization, by an encoder-decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextToTextRecipe {
    /// Which of the two.
    pub task: TextToTextKind,
    /// A pretrained model to start from: a model directory or a run directory.
    pub init: Option<String>,
    /// Where the pairs are.
    pub data: PairsSection,
    /// How text becomes ids: one vocabulary for both sides.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// The model's shape.
    #[serde(default)]
    pub model: ModelSection,
    /// The length and pace of training.
    #[serde(default)]
    pub train: TrainSection,
    /// How texts are decoded.
    #[serde(default)]
    pub decode: DecodeSection,
}

impl Sections for TextToTextRecipe {
    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        self.tokenizer.resolve(TokenizerKind::Bpe, init)?;
        self.model.resolve(ModelKind::EncoderDecoder, init)?;
        let (select, metrics, long): (_, &[_], _) = match self.task {
            TextToTextKind::Summarize => (
                &metric::ROUGE_L,
                &[&metric::LOSS, &metric::ROUGE_1, &metric::ROUGE_2, &metric::ROUGE_L],
                LongTexts::Truncate,
            ),
            TextToTextKind::Translate => {
                (&metric::BLEU, &[&metric::LOSS, &metric::BLEU], LongTexts::Drop)
            }
        };
        self.data.long.get_or_insert(long);
        self.train.resolve(&TrainDefaults { label_smoothing: 0.1, select, metrics })?;
        self.data.resolve(init)?;
        self.decode.resolve(init)
    }
}

/// What happens to a text of more tokens than `max_len`, as a recipe spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LongTexts {
    /// Its example is left out of training.
    Drop,
    /// It is cut.
    Truncate,
}

impl LongTexts {
    /// What became of the longer ones, in a sentence.
    pub(crate) fn participle(self) -> &'static str {
        match self {
            Self::Drop => "left out",
            Self::Truncate => "cut",
        }
    }
}

/// Pairs of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairsSection {
    /// Pairs to learn from.
    pub train: String,
    /// Pairs by which the best model is chosen.
    pub valid: String,
    /// Pairs that are read once, at the end.
    pub test: Option<String>,
    /// The column of the source: a number from 1, a name in the first line, or a field of JSONL.
    #[serde(default = "first")]
    pub source: Column,
    /// The column of the target.
    #[serde(default = "second")]
    pub target: Column,
    /// The most tokens of a side.
    #[serde(default = "default_max_len")]
    pub max_len: usize,
    /// What happens to pairs with a longer side; by default translations are dropped and documents truncated.
    pub long: Option<LongTexts>,
    /// Additional pairs for each pair, whose target is a copy of some words of the source.
    #[serde(default)]
    pub copies: usize,
    /// The language of the sources, by the pretrained model's code of it.
    pub source_lang: Option<String>,
    /// The language of the targets.
    pub target_lang: Option<String>,
    /// What the model reads before each source, such as the task. As the pretrained model has it, if absent.
    pub prefix: Option<String>,
}

impl PairsSection {
    /// What the model reads before each source; empty where the recipe does not say.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }

    /// Fills absent keys where no pretrained model does.
    fn resolve(&mut self, init: bool) -> Result<(), InvalidKey> {
        let languages =
            [("data.source_lang", &self.source_lang), ("data.target_lang", &self.target_lang)];
        let told = languages.iter().find(|(_, code)| code.is_some());
        match told {
            Some((key, _)) if !init => {
                let reason =
                    "only a pretrained model (init) can have languages; leave this key out";
                return Err(InvalidKey::new(*key, reason));
            }
            Some(_) if self.target_lang.is_none() => {
                let reason = "missing; data.source_lang alone says no direction";
                return Err(InvalidKey::new("data.target_lang", reason));
            }
            Some(_) | None => {}
        }
        if !init {
            self.prefix.get_or_insert_default();
        }
        at_least("data.max_len", self.max_len, 1)
    }
}

/// How the best text is found. What is absent is as the pretrained model has it, or else the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeSection {
    /// Hypotheses followed at once; 1 is greedy search.
    pub beams: Option<usize>,
    /// α of the score log p / lenᵅ.
    pub length_penalty: Option<f64>,
}

impl DecodeSection {
    /// Fills absent keys where no pretrained model does.
    fn resolve(&mut self, init: bool) -> Result<(), InvalidKey> {
        if !init {
            self.beams.get_or_insert(4);
            self.length_penalty.get_or_insert(1.0);
        }
        at_least("decode.beams", self.beams.unwrap_or(1), 1)?;
        match self.length_penalty {
            Some(penalty) if !penalty.is_finite() => {
                let reason = format!("{penalty}: must be a finite number");
                Err(InvalidKey::new("decode.length_penalty", reason))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn first() -> Column {
    Column::Number(1)
}

fn second() -> Column {
    Column::Number(2)
}

fn default_max_len() -> usize {
    128
}
