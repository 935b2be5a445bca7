//! Token classification with an encoder, such as named entity recognition.

mod aggregation;

use std::ops::Range;
use std::path::Path;

use burn::tensor::Device;
use crosshead_kernels::Mode;
use crosshead_models::{ComputeType, ModelFiles, TokenBatch, TokenClassifier};
use crosshead_tokenize::{SpecialRole, Tokenizer, WordsEncoding, pad_batch};

use crate::directory::check_vocabulary;
use crate::softmax::softmax;
use crate::{TaskError, model_files};
pub use aggregation::Aggregation;
use aggregation::Token;

/// Texts per batch.
const BATCH: usize = 32;

/// An entity of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// The label: `PER`, or `B-PER` with [`Aggregation::None`].
    pub label: String,
    /// The mean probability of the label over the tokens or words.
    pub score: f32,
    /// The bytes of the text.
    pub range: Range<usize>,
}

/// The entities of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tagged {
    /// The entities, in the order of the text.
    pub entities: Vec<Entity>,
    /// Whether the text exceeded the model's maximum length and was truncated.
    pub truncated: bool,
}

/// The label of each word of a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedWords {
    /// The class of each word; `None` for words without tokens and those that were truncated.
    pub classes: Vec<Option<u32>>,
    /// Whether the sentence exceeded the model's maximum length and was truncated.
    pub truncated: bool,
}

/// An encoder with a token classification head, with its tokenizer.
#[derive(Debug)]
pub struct Tagger {
    model: TokenClassifier,
    tokenizer: Tokenizer,
}

impl Tagger {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory contains no token classifier, or one of its files is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        Self::from_files(&model_files(dir.as_ref(), None)?, device)
    }

    /// Loads the model of these files; see [`model_files`](crate::model_files).
    ///
    /// # Errors
    /// As [`from_pretrained`](Self::from_pretrained), and if an adapter does not fit the model.
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, TaskError> {
        let dir = files.dir();
        let tokenizer = Tokenizer::from_dir(dir)?;
        let model = TokenClassifier::from_files(files, device)?;
        check_vocabulary(dir, &tokenizer, model.encoder.config().vocab_size)?;
        Ok(Self::new(model, tokenizer))
    }

    /// A tagger from a model outside autodiff and its tokenizer.
    pub fn new(model: TokenClassifier, tokenizer: Tokenizer) -> Self {
        Self { model, tokenizer }
    }

    /// Sets the type that the model computes in. Default: that of the files.
    pub fn with_compute_type(self, compute_type: ComputeType) -> Self {
        Self { model: compute_type.apply(self.model), ..self }
    }

    /// The names of the labels, indexed by class.
    pub fn labels(&self) -> &[String] {
        self.model.labels()
    }

    /// The entities of each text, as `transformers`' pipeline `token-classification` finds them. Tokens and entities with the
    /// label `O` are left out.
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn tag(
        &self,
        texts: &[impl AsRef<str>],
        aggregation: Aggregation,
    ) -> Result<Vec<Tagged>, TaskError> {
        let affixes = self.tokenizer.affixes()?;
        let room = self.max_len().saturating_sub(affixes.count());
        let mut rows = Vec::with_capacity(texts.len());
        let mut encodings = Vec::with_capacity(texts.len());
        for text in texts {
            let mut encoding = self.tokenizer.encode_with_offsets(text.as_ref())?;
            let truncated = encoding.ids.len() > room;
            encoding.ids.truncate(room);
            rows.push(affixes.around(encoding.ids.iter().copied()));
            encodings.push((encoding, truncated));
        }
        let logits = self.logits(&rows, |_| {});
        let first = affixes.before.len();
        let tagged = encodings.into_iter().zip(texts).zip(logits);
        Ok(tagged
            .map(|(((encoding, truncated), text), logits)| {
                let tokens = encoding.ids.into_iter().zip(encoding.offsets);
                let tokens: Vec<Token> = tokens
                    .zip(&logits[first..])
                    .map(|((id, range), logits)| self.token(text.as_ref(), id, range, logits))
                    .collect();
                let entities = aggregation.entities(tokens, self.labels());
                Tagged { entities, truncated }
            })
            .collect())
    }

    /// The label of each word of sentences that are split into words: that of its first token. `progress` is called with the
    /// number of sentences done.
    ///
    /// # Errors
    /// If the tokenizer fails on a word.
    pub fn tag_words_with(
        &self,
        sentences: &[Vec<String>],
        progress: impl FnMut(usize),
    ) -> Result<Vec<TaggedWords>, TaskError> {
        let encode =
            |words: &Vec<String>| self.tokenizer.encode_words_truncated(words, self.max_len());
        let encoded: Result<Vec<WordsEncoding>, _> = sentences.iter().map(encode).collect();
        let encoded = encoded?;
        let rows: Vec<Vec<u32>> = encoded.iter().map(|encoding| encoding.ids.clone()).collect();
        let logits = self.logits(&rows, progress);
        let tagged = encoded.into_iter().zip(sentences).zip(logits);
        Ok(tagged
            .map(|((encoding, words), logits)| {
                let mut classes = vec![None; words.len()];
                for (word, logits) in encoding.words.iter().zip(&logits) {
                    if let Some(class) = word.and_then(|word| classes.get_mut(word)) {
                        class.get_or_insert(best(logits).0);
                    }
                }
                TaggedWords { classes, truncated: encoding.truncated }
            })
            .collect())
    }

    /// Maximum number of tokens of a text.
    fn max_len(&self) -> usize {
        self.model.encoder.config().stack.max_len
    }

    fn token(&self, text: &str, id: u32, range: Range<usize>, logits: &[f32]) -> Token {
        let (class, score) = best(&softmax(logits));
        let is_unknown = self.tokenizer.special().get(SpecialRole::Unk) == Some(id);
        let continues_word = if is_unknown {
            false
        } else if self.tokenizer.marks_subwords() {
            let token = self.tokenizer.id_to_token(id).unwrap_or_default();
            token.chars().count() != text[range.clone()].chars().count()
        } else {
            // As in transformers: a word starts after or with a space.
            let around = text[..range.start].chars().next_back().into_iter();
            let mut around = around.chain(text[range.start..].chars().next());
            range.start > 0 && around.all(|character| character != ' ')
        };
        Token { class, score, range, continues_word }
    }

    /// The logits of each token of each row; `progress` is called with the number of rows done.
    fn logits(&self, rows: &[Vec<u32>], mut progress: impl FnMut(usize)) -> Vec<Vec<Vec<f32>>> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        // Batches of similar length need little padding.
        order.sort_by_key(|&i| rows[i].len());
        let mut logits = vec![Vec::new(); rows.len()];
        let mut done = 0;
        for indices in order.chunks(BATCH) {
            let of_batch: Vec<Vec<u32>> = indices.iter().map(|&i| rows[i].clone()).collect();
            let batch = pad_batch(&of_batch, self.model.encoder.config().pad_id);
            if batch.seq > 0 {
                let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
                let values = self.model.logits(tokens, None, Mode::Eval).into_data();
                let values: Vec<f32> = values.iter::<f32>().collect();
                let n_classes = self.labels().len();
                for (&i, row) in indices.iter().zip(values.chunks(batch.seq * n_classes)) {
                    let tokens = row.chunks(n_classes).take(rows[i].len());
                    logits[i] = tokens.map(<[f32]>::to_vec).collect();
                }
            }
            done += indices.len();
            progress(done);
        }
        logits
    }
}

/// The class with the highest value, the first of equal ones, and its value.
fn best(values: &[f32]) -> (u32, f32) {
    let first = (0, values.first().copied().unwrap_or(f32::NAN));
    let classes = (0..).zip(values.iter().copied());
    classes.fold(first, |best, class| if class.1 > best.1 { class } else { best })
}
