//! The recipe of translation and summarization.

use crosshead_data::Column;
use crosshead_tasks::DecodeOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recipe::{
    InvalidKey, LoraSection, ModelKind, ModelSection, Sections, TokenizerKind, TokenizerSection,
    TrainDefaults, TrainSection, at_least,
};
use crate::report::metric;

/// The task of a [`TextToTextRecipe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextToTextKind {
    /// Translation.
    Translate,
    /// Summarization.
    Summarize,
}

/// Translation or summarization, with an encoder-decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextToTextRecipe {
    /// The task. It determines the kind of model and the keys of `[data]`.
    pub task: TextToTextKind,
    /// A pretrained model to start from: a run directory, or a model directory of Crosshead or Hugging Face.
    /// `--init DIR` sets this key. The shape and the tokenizer come from the pretrained model, so `[model]` and
    /// `[tokenizer]` must be empty. A head that the pretrained model lacks, or that has different labels, is
    /// initialized from `train.seed`; the log names its parameters.
    pub init: Option<String>,
    /// The pairs of texts.
    pub data: PairsSection,
    /// The tokenizer, shared by both sides.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// The shape of the model.
    #[serde(default)]
    pub model: ModelSection,
    /// Training.
    #[serde(default)]
    pub train: TrainSection,
    /// LoRA: trains an adapter of the pretrained model instead of the model.
    pub lora: Option<LoraSection>,
    /// Decoding.
    #[serde(default)]
    pub decode: DecodeSection,
    /// Learning from a teacher.
    #[serde(default)]
    pub distill: DistillSection,
}

impl Sections for TextToTextRecipe {
    const MODEL: ModelKind = ModelKind::EncoderDecoder;

    fn lora(&self) -> Option<&LoraSection> {
        self.lora.as_ref()
    }

    fn resolve(&mut self) -> Result<(), InvalidKey> {
        let init = self.init.is_some();
        // A new student has the tokenizer of its teacher.
        let has_tokenizer = init || self.distill.teacher.is_some();
        self.tokenizer.resolve(TokenizerKind::Bpe, has_tokenizer)?;
        self.distill.check()?;
        if self.distill.teacher.is_some() {
            self.train.without_r_drop()?;
        }
        self.model.resolve(Self::MODEL, init)?;
        self.lora.as_ref().map_or(Ok(()), |lora| lora.check(init, &self.train.freeze))?;
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

/// How to treat a pair with a text of more than `max_len` tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LongTexts {
    /// The pair is not used for training.
    Drop,
    /// Texts that are too long are truncated.
    Truncate,
}

impl LongTexts {
    /// What was done with the pair, as a participle for messages.
    pub(crate) fn participle(self) -> &'static str {
        match self {
            Self::Drop => "dropped",
            Self::Truncate => "truncated",
        }
    }
}

/// Pairs of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairsSection {
    /// Training data.
    pub train: String,
    /// Validation data, used to select the best model.
    pub valid: String,
    /// Test data. The best model is evaluated on it once, at the end of the run.
    pub test: Option<String>,
    /// Column of the source.
    #[schemars(with = "String", extend("type" = ["integer", "string"]))]
    #[serde(default = "first")]
    pub source: Column,
    /// Column of the target.
    #[schemars(with = "String", extend("type" = ["integer", "string"]))]
    #[serde(default = "second")]
    pub target: Column,
    /// Maximum number of tokens in a source or target, including special tokens.
    #[serde(default = "default_max_len")]
    pub max_len: usize,
    /// How to treat training pairs with a longer source or target. The log counts them.
    pub long: Option<LongTexts>,
    /// Number of copying examples added for each training pair: the source is `copy: …` with some words of the pair's
    /// source, the target is the same words. They teach the model to copy when there is little data.
    #[serde(default)]
    pub copies: usize,
    /// With `init`: the language of the sources, as a code of the pretrained multilingual model (`en_XX`, `eng_Latn`,
    /// `en`). The default comes from the pretrained model's files.
    pub source_lang: Option<String>,
    /// With `init`: the language of the targets. A Marian model with several target languages needs only this key. The
    /// saved model translates in this direction by default.
    pub target_lang: Option<String>,
    /// Text prepended to each source, such as T5's `translate English to German: `. It is saved with the model. With
    /// `init`, the default is the prefix in the pretrained model's `config.json`.
    pub prefix: Option<String>,
}

impl PairsSection {
    /// The text before each source; empty by default.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }

    /// Fills in absent keys, unless their values come from the pretrained model.
    fn resolve(&mut self, init: bool) -> Result<(), InvalidKey> {
        let languages =
            [("data.source_lang", &self.source_lang), ("data.target_lang", &self.target_lang)];
        let given = languages.iter().find(|(_, code)| code.is_some());
        match given {
            Some((key, _)) if !init => {
                let reason = "only a pretrained model (init) has languages; remove this key";
                return Err(InvalidKey::new(*key, reason));
            }
            Some(_) if self.target_lang.is_none() => {
                let reason = "missing; data.source_lang needs it";
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

/// Decoding. An absent key takes the pretrained model's value with `init`, and the default without.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeSection {
    /// Beam width; 1 is greedy decoding. With `init`, the default comes from the pretrained model.
    pub beams: Option<usize>,
    /// α in the score log p / lengthᵅ of a hypothesis. With `init`, the default comes from the pretrained model.
    pub length_penalty: Option<f64>,
    /// Limits the outputs of validation, testing and `evaluate` to ⌈`max_length_ratio` · n⌉ + `max_length_offset` tokens, where n is
    /// the number of tokens of the source, so that an output that loops ends early. The end token, special tokens and the prefix
    /// count. It is not saved with the model.
    pub max_length_ratio: Option<f64>,
    /// Tokens that `max_length_ratio` allows in addition, for short sources (default: 0).
    pub max_length_offset: Option<usize>,
}

impl DecodeSection {
    /// The length limit, where `options` have none.
    pub(crate) fn limited(&self, options: DecodeOptions) -> DecodeOptions {
        if options.max_length_ratio.is_some() {
            return options;
        }
        DecodeOptions {
            max_length_ratio: self.max_length_ratio.map(|ratio| ratio as f32),
            max_length_offset: self.max_length_offset,
            ..options
        }
    }

    /// Fills in absent keys, unless their values come from the pretrained model.
    fn resolve(&mut self, init: bool) -> Result<(), InvalidKey> {
        if !init {
            self.beams.get_or_insert(4);
            self.length_penalty.get_or_insert(1.0);
        }
        at_least("decode.beams", self.beams.unwrap_or(1), 1)?;
        match self.length_penalty {
            Some(penalty) if !penalty.is_finite() => {
                let reason = format!("{penalty}: must be a finite number");
                return Err(InvalidKey::new("decode.length_penalty", reason));
            }
            Some(_) | None => {}
        }
        match (self.max_length_ratio, self.max_length_offset) {
            (Some(ratio), _) if !(ratio.is_finite() && ratio > 0.0) => {
                let reason = format!("{ratio}: must be a finite number above 0");
                Err(InvalidKey::new("decode.max_length_ratio", reason))
            }
            (None, Some(_)) => {
                let reason = "has no effect without decode.max_length_ratio; set it too";
                Err(InvalidKey::new("decode.max_length_offset", reason))
            }
            _ => Ok(()),
        }
    }
}

/// Word-level knowledge distillation: the model also learns the distributions of a teacher over the next token. To learn from a
/// teacher's translations instead, train on the output of `crosshead translate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DistillSection {
    /// The teacher: a model directory or a run directory. It is not trained. A student without `init` gets its tokenizer, so
    /// `[tokenizer]` must be empty; a student with `init` must have the same tokenizer. By default there is no teacher.
    pub teacher: Option<String>,
    /// Temperature that divides the logits of teacher and student. A higher one gives improbable tokens more weight.
    pub temperature: f64,
    /// Weight of the teacher's distributions in the loss; that of the targets is the rest.
    pub weight: f64,
}

impl Default for DistillSection {
    fn default() -> Self {
        Self { teacher: None, temperature: 1.0, weight: 0.5 }
    }
}

impl DistillSection {
    fn check(&self) -> Result<(), InvalidKey> {
        let &Self { temperature, weight, .. } = self;
        if !(temperature.is_finite() && temperature > 0.0) {
            let reason = format!("{temperature}: must be a number above 0");
            return Err(InvalidKey::new("distill.temperature", reason));
        }
        if !(0.0..=1.0).contains(&weight) {
            return Err(InvalidKey::new("distill.weight", format!("{weight} is outside [0, 1]")));
        }
        let usual = Self { teacher: self.teacher.clone(), ..Self::default() };
        if self.teacher.is_none() && *self != usual {
            let key = if temperature == usual.temperature { "weight" } else { "temperature" };
            let reason = "has no effect without distill.teacher; set it, or remove this key";
            return Err(InvalidKey::new(format!("distill.{key}"), reason));
        }
        Ok(())
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
