#![doc = include_str!("../README.md")]

mod error;

pub use crosshead_recipes::{Recipe, Report};
pub use crosshead_tasks::{
    Aggregation, AlignedWords, Alignment, AlignmentLayer, Alternative, AttentionHead, AttentionMap,
    AttentionMaps, AttentionViewer, Candidate, Classified, Classifier, ComputeType, DecodeOptions,
    Domain, Embedder, Embedding, Entity, FillMask, Filled, Flow, Generated, Generator, Guess,
    Label, ModelTask, Prompt, Purpose, RankedPair, Required, ScoreFunction, ScoredToken,
    Similarity, StopReason, Summarizer, Tagged, Tagger, Task, TextHooks, TextPair, TextToText,
    Translator, Written, average, cosine, is_quantized, merge, model_directory, model_files, open,
    quantize,
};
pub use error::Error;

pub use crosshead_attention as attention;
pub use crosshead_blocks as blocks;
pub use crosshead_data as data;
pub use crosshead_documents as documents;
pub use crosshead_evaluate as metrics;
pub use crosshead_generate as generate;
#[cfg(feature = "hub")]
pub use crosshead_hub as hub;
pub use crosshead_kernels as kernels;
pub use crosshead_models as models;
pub use crosshead_position as position;
pub use crosshead_recipes as recipes;
pub use crosshead_tasks as tasks;
pub use crosshead_tokenize as tokenize;
pub use crosshead_train as train;
pub use crosshead_weights as weights;
