//! Loads tokenizers from model directories, in every common format.

mod byte_level;
mod config;
mod ctranslate2;
mod directory;
mod languages;
mod marian;
mod post_processor;
mod sentencepiece;
mod word_piece;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use tokenizers::models::ModelWrapper;
use tokenizers::{AddedToken, TruncationDirection};

use crate::files::{CHAT_TEMPLATE, TOKENIZER, read_json, read_text};
use crate::pipeline::Pipeline;
use crate::sentencepiece::check_rules;
use crate::tokenizer::Decoding;
use crate::tokenizer::chat::{ChatTemplateField, ChatTemplates};
use crate::tokenizer::language::Languages;
use crate::tokenizer::save::Files;
use crate::{SpecialIds, SpecialRole, TokenizeError, Tokenizer};
use config::Side;
use directory::Directory;

const VOCAB_TXT: &str = "vocab.txt";
const VOCAB_JSON: &str = "vocab.json";
const MERGES: &str = "merges.txt";
/// The file names of SentencePiece models.
const SENTENCEPIECE: [&str; 4] =
    ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "spm.model"];
const SOURCE_SPM: &str = "source.spm";
const TARGET_SPM: &str = "target.spm";

/// A tokenizer built from its files, before special tokens and languages are set.
struct Built {
    pipeline: Pipeline,
    /// The pipeline of target texts, if it differs.
    target: Option<Pipeline>,
    /// Tokens of the vocabulary that are matched in a text before it is split.
    added: Vec<AddedToken>,
    languages: Languages,
    /// The files to save, if `tokenizer.json` cannot represent the tokenizer.
    files: Files,
    /// Whether the pipeline already has a post-processor.
    has_post_processor: bool,
    /// Whether decoded text is trimmed.
    trims: bool,
}

impl Built {
    fn new(pipeline: Pipeline) -> Self {
        Self {
            pipeline,
            target: None,
            added: Vec::new(),
            languages: Languages::default(),
            files: Files::default(),
            has_post_processor: false,
            trims: false,
        }
    }
}

impl Tokenizer {
    /// Loads a single `tokenizer.json`. Special tokens are recognized by their usual names (`</s>`, `<pad>`, `[CLS]`, …).
    ///
    /// The padding and truncation of the file are not applied: use [`pad_batch`](crate::pad_batch) and
    /// [`encode_truncated`](Self::encode_truncated).
    ///
    /// # Errors
    /// If the file cannot be read or is not a valid tokenizer.
    pub fn from_file(path: &Path) -> Result<Self, TokenizeError> {
        finish(&Directory::default(), read_pipeline(path)?)
    }

    /// Loads the tokenizer of a model directory from the first of these that exists:
    ///
    /// - `tokenizer.json`,
    /// - `source.spm`, `target.spm` and `vocab.json` (Marian),
    /// - a SentencePiece model (`spiece.model`, `sentencepiece.bpe.model`, `tokenizer.model`), with `vocab.json` for
    ///   M2M-100; texts are normalized and segmented exactly as in SentencePiece,
    /// - `vocab.json` and `merges.txt` (GPT-2, RoBERTa, BART, Qwen2),
    /// - `vocab.txt` (BERT).
    ///
    /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` define the special tokens, the added
    /// tokens and the family's options. A special token that is not in the vocabulary gets the next id, as in
    /// `transformers`. Roles that the files do not define have the family's default token, except in a
    /// `PreTrainedTokenizerFast`, which has only the special tokens that it defines.
    ///
    /// In a CTranslate2 directory (`model.bin` with `shared_vocabulary.json` or similar) the tokenizer must match the
    /// vocabulary. Without `tokenizer.json` and `tokenizer_config.json`, the pieces of `source.spm` and `target.spm`,
    /// or of another SentencePiece model (in the parent directory in Argos packages), get their ids from the
    /// vocabulary; `config.json` names the special tokens.
    ///
    /// # Errors
    /// If there is no tokenizer, a file is missing, cannot be read or is malformed, or a vocabulary has gaps or duplicates.
    pub fn from_dir(dir: &Path) -> Result<Self, TokenizeError> {
        if ctranslate2::is_directory(dir) { ctranslate2::load(dir) } else { from_files(dir) }
    }
}

/// Loads the tokenizer of a directory in Hugging Face's layout.
fn from_files(dir: &Path) -> Result<Tokenizer, TokenizeError> {
    let mut directory = Directory::read(dir)?;
    let json = directory.file(TOKENIZER);
    let built = if json.exists() {
        let mut built = read_pipeline(&json)?;
        word_piece::apply_config(&directory.config, &mut built.pipeline)
            .map_err(|source| TokenizeError::Build { path: json, source })?;
        byte_level::apply_config(&directory.config, &mut built.pipeline);
        built
    } else if directory.file(SOURCE_SPM).exists() {
        marian::build(&mut directory)?
    } else if let Some(model) = directory.first_of(&SENTENCEPIECE) {
        sentencepiece::build(&directory, &model)?
    } else if directory.file(VOCAB_JSON).exists() {
        byte_level::build(&mut directory)?
    } else if directory.file(VOCAB_TXT).exists() {
        word_piece::build(&mut directory)?
    } else {
        return Err(TokenizeError::NoTokenizer { dir: dir.to_owned() });
    };
    finish(&directory, built)
}

/// The part of a `tokenizer.json` that is checked before the library reads the file.
#[derive(Deserialize)]
struct Checked {
    #[serde(default)]
    normalizer: Value,
}

fn read_pipeline(path: &Path) -> Result<Built, TokenizeError> {
    let Checked { normalizer } = read_json(path)?;
    check_rules(&normalizer).map_err(|error| TokenizeError::SentencePiece {
        path: path.to_owned(),
        source: error.into(),
    })?;
    Ok(Built { has_post_processor: true, ..Built::new(read_json(path)?) })
}

/// Adds special tokens, languages and chat templates.
fn finish(directory: &Directory, mut built: Built) -> Result<Tokenizer, TokenizeError> {
    let truncation = built.pipeline.get_truncation().map(|truncation| truncation.direction);
    let roles = SpecialRole::ALL.into_iter().filter_map(|role| directory.special_token(role));
    let roles = roles.filter(|_| !built.has_post_processor);
    let added = built.added.iter().cloned().chain(directory.added_tokens());
    let tokens: Vec<AddedToken> = added.chain(roles).collect();
    for pipeline in [Some(&mut built.pipeline), built.target.as_mut()].into_iter().flatten() {
        pipeline.with_padding(None).with_truncation(None).expect("truncation can be disabled");
        pipeline.set_encode_special_tokens(directory.config.split_special_tokens.unwrap_or(false));
        add_tokens(pipeline, &tokens)
            .map_err(|source| TokenizeError::AddedTokens { dir: directory.path.clone(), source })?;
        directory.check_added(|token| pipeline.token_to_id(token))?;
    }
    let special = SpecialIds::collect(|role| {
        directory.special_id(role, |token| built.pipeline.token_to_id(token))
    });
    if !built.has_post_processor {
        for pipeline in [Some(&mut built.pipeline), built.target.as_mut()].into_iter().flatten() {
            post_processor::set(directory, pipeline)?;
        }
    }
    let merges_pairs = matches!(built.pipeline.get_model().library(), ModelWrapper::BPE(_));
    let clean_up = directory.config.clean_up_tokenization_spaces.unwrap_or(false);
    let mut tokenizer = Tokenizer::new(built.pipeline, special);
    tokenizer.target = built.target.map(Arc::new);
    tokenizer.files = built.files;
    // As in `transformers`, the output of BPE is not cleaned up, because this would change words.
    tokenizer.decoding = Decoding { clean_up: clean_up && !merges_pairs, trim: built.trims };
    tokenizer.chat_templates = chat_templates(directory)?;
    tokenizer.model_max_length = directory.config.max_len();
    tokenizer.truncates_left = match directory.config.truncation_side {
        Some(side) => side == Side::Left,
        None => truncation == Some(TruncationDirection::Left),
    };
    tokenizer.languages = built.languages;
    languages::set(directory, tokenizer)
}

/// Adds tokens that a pipeline does not yet have. Tokens in its vocabulary keep their ids.
fn add_tokens(pipeline: &mut Pipeline, tokens: &[AddedToken]) -> tokenizers::Result<()> {
    let present = pipeline.get_added_vocabulary().get_vocab();
    let mut seen: HashSet<&str> = present.keys().map(String::as_str).collect();
    let new: Vec<AddedToken> =
        tokens.iter().filter(|token| seen.insert(&token.content)).cloned().collect();
    pipeline.add_tokens(new)?;
    Ok(())
}

/// The template in `chat_template.jinja`, or else those in `tokenizer_config.json`.
fn chat_templates(directory: &Directory) -> Result<Option<Arc<ChatTemplates>>, TokenizeError> {
    let file = directory.file(CHAT_TEMPLATE);
    let field = if directory.path.is_dir() && file.exists() {
        Some(ChatTemplateField::One(read_text(&file)?))
    } else {
        directory.config.chat_template.clone()
    };
    Ok(field.map(|field| Arc::new(field.into())))
}
