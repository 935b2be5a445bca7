//! Tokenizers of model directories, in every format in which they come.

mod byte_level;
mod config;
mod directory;
mod frame;
mod languages;
mod marian;
mod sentencepiece;
mod word_piece;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use tokenizers::AddedToken;
use tokenizers::models::ModelWrapper;

use crate::files::{CHAT_TEMPLATE, TOKENIZER, read_json, read_text};
use crate::parts::Pipeline;
use crate::sentencepiece::check_rules;
use crate::tokenizer::Decoding;
use crate::tokenizer::chat::{ChatTemplateField, ChatTemplates};
use crate::tokenizer::language::Languages;
use crate::tokenizer::save::Files;
use crate::{SpecialIds, SpecialRole, TokenizeError, Tokenizer};
use directory::Directory;

const VOCAB_TXT: &str = "vocab.txt";
const VOCAB_JSON: &str = "vocab.json";
const MERGES: &str = "merges.txt";
/// Names under which SentencePiece's models come.
const SENTENCEPIECE: [&str; 4] =
    ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "spm.model"];
const SOURCE_SPM: &str = "source.spm";
const TARGET_SPM: &str = "target.spm";

/// A vocabulary with what is around it.
struct Built {
    pipeline: Pipeline,
    /// For texts that the model writes, where they are cut otherwise.
    target: Option<Pipeline>,
    /// Tokens of the vocabulary that are found in a text before it is cut.
    added: Vec<AddedToken>,
    languages: Languages,
    /// The files to save, where `tokenizer.json` can't say what they do.
    files: Files,
    /// Whether the pipeline already puts special tokens around a text.
    is_framed: bool,
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
            is_framed: false,
            trims: false,
        }
    }
}

impl Tokenizer {
    /// Loads a `tokenizer.json` alone; special tokens are known by their usual names (`</s>`, `<pad>`, `[CLS]`, …).
    ///
    /// Padding and truncation set in the file are not applied: [`pad_batch`](crate::pad_batch) and
    /// [`truncate`](crate::truncate) are separate steps here.
    ///
    /// # Errors
    /// If the file can't be read or is not a tokenizer.
    pub fn from_file(path: &Path) -> Result<Self, TokenizeError> {
        finish(&Directory::default(), read_pipeline(path)?)
    }

    /// Loads the tokenizer of a model directory:
    ///
    /// - `tokenizer.json`, or else
    /// - `source.spm`, `target.spm` and `vocab.json` (Marian),
    /// - a SentencePiece model (`spiece.model`, `sentencepiece.bpe.model`, `tokenizer.model`), with `vocab.json` for
    ///   M2M-100; texts are normalized and cut exactly as SentencePiece does it,
    /// - `vocab.json` and `merges.txt` (GPT-2, RoBERTa, BART, Qwen2),
    /// - `vocab.txt` (BERT).
    ///
    /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` say which tokens are special, which
    /// stand beside the vocabulary, and how the family's options are set. A special token that the vocabulary doesn't
    /// have gets the next id, as in `transformers`. Roles that the files leave open have the family's usual token,
    /// unless the files are of a `PreTrainedTokenizerFast`: such a tokenizer has no other special tokens than those it
    /// names.
    ///
    /// # Errors
    /// If there is no tokenizer, a file of it is missing, can't be read or is not of its format, or a vocabulary has
    /// gaps or a token twice.
    pub fn from_dir(dir: &Path) -> Result<Self, TokenizeError> {
        let mut directory = Directory::read(dir)?;
        let json = directory.file(TOKENIZER);
        let built = if json.exists() {
            read_pipeline(&json)?
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
}

/// The part of a `tokenizer.json` that is checked before the library reads it.
#[derive(Deserialize)]
struct Checked {
    #[serde(default)]
    normalizer: Value,
}

fn read_pipeline(path: &Path) -> Result<Built, TokenizeError> {
    let Checked { normalizer } = read_json(path)?;
    check_rules(&normalizer).map_err(|reason| TokenizeError::SentencePiece {
        path: path.to_owned(),
        reason: format!("rules of normalization: {reason}"),
    })?;
    Ok(Built { is_framed: true, ..Built::new(read_json(path)?) })
}

/// Adds special tokens, languages and chat templates.
fn finish(directory: &Directory, mut built: Built) -> Result<Tokenizer, TokenizeError> {
    let roles = SpecialRole::ALL.into_iter().filter_map(|role| directory.special_token(role));
    let roles = roles.filter(|_| !built.is_framed);
    let added = built.added.iter().cloned().chain(directory.added_tokens());
    let tokens: Vec<AddedToken> = added.chain(roles).collect();
    for pipeline in [Some(&mut built.pipeline), built.target.as_mut()].into_iter().flatten() {
        pipeline.with_padding(None).with_truncation(None).expect("no truncation is always valid");
        pipeline.set_encode_special_tokens(directory.config.split_special_tokens.unwrap_or(false));
        add_tokens(pipeline, &tokens);
        directory.check_added(|token| pipeline.token_to_id(token))?;
    }
    let special = SpecialIds::collect(|role| {
        directory.special_id(role, |token| built.pipeline.token_to_id(token))
    });
    if !built.is_framed {
        for pipeline in [Some(&mut built.pipeline), built.target.as_mut()].into_iter().flatten() {
            frame::set(directory, pipeline)?;
        }
    }
    let merges_pairs = matches!(built.pipeline.get_model().library(), ModelWrapper::BPE(_));
    let clean_up = directory.config.clean_up_tokenization_spaces.unwrap_or(false);
    let mut tokenizer = Tokenizer::new(built.pipeline, special);
    tokenizer.target = built.target.map(Arc::new);
    tokenizer.files = built.files;
    // `transformers` doesn't clean up what pairs were merged for: it would change words.
    tokenizer.decoding = Decoding { clean_up: clean_up && !merges_pairs, trim: built.trims };
    tokenizer.chat_templates = chat_templates(directory)?;
    tokenizer.languages = built.languages;
    languages::set(directory, tokenizer)
}

/// Adds tokens that a pipeline doesn't have yet; those of its vocabulary keep their ids.
fn add_tokens(pipeline: &mut Pipeline, tokens: &[AddedToken]) {
    let present = pipeline.get_added_vocabulary().get_vocab();
    let mut seen: HashSet<&str> = present.keys().map(String::as_str).collect();
    let new: Vec<AddedToken> =
        tokens.iter().filter(|token| seen.insert(&token.content)).cloned().collect();
    pipeline.add_tokens(&new);
}

/// The template in a file of its own, or else those in `tokenizer_config.json`.
fn chat_templates(directory: &Directory) -> Result<Option<Arc<ChatTemplates>>, TokenizeError> {
    let file = directory.file(CHAT_TEMPLATE);
    let field = if directory.path.is_dir() && file.exists() {
        Some(ChatTemplateField::One(read_text(&file)?))
    } else {
        directory.config.chat_template.clone()
    };
    Ok(field.map(|field| Arc::new(field.into())))
}
