#![doc = include_str!("../README.md")]

mod alignment;
mod attention;
mod attention_viewer;
mod attribution;
mod average;
mod candidate;
mod classifier;
mod copied;
mod directory;
mod domain;
mod embedder;
mod error;
mod fill_mask;
mod generator;
mod hooks;
mod merge;
mod options;
mod quantize;
mod softmax;
mod stop_strings;
mod streaming;
mod summarizer;
mod tagger;
mod task;
mod text;
mod text_to_text;
mod translator;
mod words;

pub use alignment::{AlignedWords, Alignment, AlignmentLayer};
pub use attention::{
    AttentionHead, AttentionLayers, AttentionMap, AttentionMaps, AttentionPanel, AttentionToken,
    attention_svg,
};
pub use attention_viewer::AttentionViewer;
pub use attribution::Attribution;
pub use average::average;
pub use candidate::{Alternative, Candidate, ScoredToken};
pub use classifier::{Classified, Classifier, Label, ScoreFunction, TextPair};
pub use copied::copied;
pub use directory::{model_directory, model_files};
pub use domain::{Domain, Pieces};
pub use embedder::{Embedder, Embedding, Prompt, Purpose, Similarity, cosine};
pub use error::TaskError;
pub use fill_mask::{FillMask, Filled, Guess};
pub use generator::{Generated, Generator};
pub use hooks::TextHooks;
pub use merge::merge;
pub use options::DecodeOptions;
pub use quantize::{is_quantized, quantize};
pub use summarizer::Summarizer;
pub use tagger::{Aggregation, Entity, Tagged, TaggedWords, Tagger};
pub use task::{ModelTask, Task, open};
pub use text_to_text::{NextWord, RankedPair, TextToText, Written, WrittenPart};
pub use translator::Translator;
pub use words::Required;

// Types from other crates that appear in this crate's API.
pub use crosshead_generate::{
    Constraint, ConstraintState, DraftCounts, EarlyStopping, Flow, GenerateError, Observer, Step,
    StepToken, StopReason, TokenLogProb,
};
pub use crosshead_models::{
    AttentionKind, CausalLm, ComputeType, Encoder, EncoderDecoder, GenerationDefaults,
    GenerationFile, MaskedLm, ModelError, ModelFiles, NotFollowed, ProblemType, SentenceEncoder,
    SequenceClassifier, TokenClassifier,
};
pub use crosshead_tokenize::{ChatMessage, TokenSpan, TokenizeError, Tokenizer};
