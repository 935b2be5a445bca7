//! The decoding options of the commands that generate text.

use std::path::PathBuf;

use clap::ValueEnum;
use crosshead::DecodeOptions;
use crosshead::tasks::EarlyStopping;

/// Number of consecutive copies of an n-gram from which on an output of `translate` and `summarize` counts as a loop.
const LOOP_COPIES: u16 = 10;

/// How text is searched for.
#[derive(clap::Args)]
pub(crate) struct Decoding {
    /// Beam width; 1 is greedy decoding [default: from the model; at least 8 for sentences with terms of a glossary]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) beams: Option<u16>,
    /// Groups of beams that differ from each other; the number of beams is a multiple of it [default: from the model]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) beam_groups: Option<u16>,
    /// What a token loses in log-probability for each time that earlier groups chose it [default: from the model]
    #[arg(long, value_name = "X")]
    pub(crate) diversity_penalty: Option<f32>,
    /// α in the score log p / lengthᵅ of a hypothesis [default: from the model]
    #[arg(long, value_name = "ALPHA")]
    pub(crate) length_penalty: Option<f32>,
    /// When beam search stops [default: from the model]
    #[arg(long, value_name = "WHEN")]
    pub(crate) early_stopping: Option<StoppingName>,
    /// Minimum number of new tokens [default: from the model]
    #[arg(long, value_name = "N")]
    pub(crate) min_tokens: Option<usize>,
    /// Write at most RATIO times as many tokens as the source or prompt has, rounded up
    #[arg(long, value_name = "RATIO")]
    pub(crate) max_length_ratio: Option<f32>,
    /// Tokens that --max-length-ratio allows in addition [default: 0]
    #[arg(long, value_name = "N", requires = "max_length_ratio")]
    pub(crate) max_length_offset: Option<usize>,
    /// Size of n-grams that may occur only once; 0 for no limit [default: from the model]
    #[arg(long, value_name = "N")]
    pub(crate) no_repeat_ngram: Option<usize>,
    /// Size of n-grams of the source or prompt that may not occur; 0 for no limit [default: from the model]
    #[arg(long, value_name = "N")]
    pub(crate) no_source_ngram: Option<usize>,
    /// Make tokens that have occurred before less likely (above 1) or more likely (below 1) [default: from the model]
    #[arg(long, value_name = "X")]
    pub(crate) repetition_penalty: Option<f32>,
    /// Cut an output with more than N consecutive copies of the same words, if there is none without [default: 10 for
    /// translate and summarize, where a source with more copies allows more]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) loop_guard: Option<u16>,
    /// Leave repetition loops as they are
    #[arg(long, conflicts_with = "loop_guard")]
    pub(crate) no_loop_guard: bool,
    /// A text that may not occur, as the tokenizer splits it; can be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) bad_words: Vec<String>,
    /// A text that must occur, by constrained beam search; can be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) force_words: Vec<String>,
    /// A text at which an output ends, which is part of it; can be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,
    /// Seconds after which the texts of a batch are cut off as they are
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time_limit: Option<f64>,
    /// Sampling temperature; 0 is greedy decoding [default: from the model; or 0.8 for generate]
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f32>,
    /// Sample from the K most probable tokens; 0 for all [default: from the model, or 0]
    #[arg(long, value_name = "K")]
    pub(crate) top_k: Option<usize>,
    /// Nucleus sampling: sample from the most probable tokens whose probabilities add up to this value [default: from
    /// the model, or 1]
    #[arg(long, value_name = "P")]
    pub(crate) top_p: Option<f32>,
    /// Sample from tokens with at least P times the probability of the most probable one [default: from the model, or 0]
    #[arg(long, value_name = "P")]
    pub(crate) min_p: Option<f32>,
    /// Sample from the most typical tokens, whose probabilities add up to this value [default: from the model, or 1]
    #[arg(long, value_name = "P")]
    pub(crate) typical_p: Option<f32>,
    /// Speculative decoding: copy up to N tokens from the source or prompt, or from the text so far, and check them in one pass.
    /// Only for greedy decoding, whose text does not change; texts are decoded one at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) prompt_lookup: Option<u16>,
    /// Random seed of sampling [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// When beam search stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoppingName {
    /// With as many finished hypotheses as beams
    Full,
    /// When the best unfinished hypothesis would rank below them
    Heuristic,
    /// When no unfinished hypothesis can rank above them
    Never,
}

impl From<StoppingName> for EarlyStopping {
    fn from(name: StoppingName) -> Self {
        match name {
            StoppingName::Full => Self::Full,
            StoppingName::Heuristic => Self::Heuristic,
            StoppingName::Never => Self::Never,
        }
    }
}

/// Whether loops are cut if neither option says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loops {
    Cut,
    Left,
}

impl Decoding {
    /// The options of the library.
    pub(crate) fn options(&self, loops: Loops) -> DecodeOptions {
        let loop_guard = match loops {
            _ if self.no_loop_guard => None,
            Loops::Cut => Some(self.loop_guard.unwrap_or(LOOP_COPIES)),
            Loops::Left => self.loop_guard,
        };
        DecodeOptions {
            beams: self.beams.map(usize::from),
            beam_groups: self.beam_groups.map(usize::from),
            diversity_penalty: self.diversity_penalty,
            length_penalty: self.length_penalty,
            early_stopping: self.early_stopping.map(EarlyStopping::from),
            min_tokens: self.min_tokens,
            max_length_ratio: self.max_length_ratio,
            max_length_offset: self.max_length_offset,
            no_repeat_ngram_size: self.no_repeat_ngram,
            no_source_ngram_size: self.no_source_ngram,
            repetition_penalty: self.repetition_penalty,
            loop_guard: loop_guard.map(usize::from),
            bad_words: self.bad_words.clone(),
            force_words: self.force_words.clone(),
            stop_strings: self.stop.clone(),
            time_limit: self.time_limit,
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            typical_p: self.typical_p,
            seed: self.seed,
            prompt_lookup: self.prompt_lookup.map(usize::from),
            ..DecodeOptions::default()
        }
    }

    /// The first option on the command line that changes the output.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let options = [
            ("--beams", self.beams.is_some()),
            ("--beam-groups", self.beam_groups.is_some()),
            ("--diversity-penalty", self.diversity_penalty.is_some()),
            ("--length-penalty", self.length_penalty.is_some()),
            ("--early-stopping", self.early_stopping.is_some()),
            ("--min-tokens", self.min_tokens.is_some()),
            ("--max-length-ratio", self.max_length_ratio.is_some()),
            ("--max-length-offset", self.max_length_offset.is_some()),
            ("--no-repeat-ngram", self.no_repeat_ngram.is_some()),
            ("--no-source-ngram", self.no_source_ngram.is_some()),
            ("--repetition-penalty", self.repetition_penalty.is_some()),
            ("--loop-guard", self.loop_guard.is_some()),
            ("--no-loop-guard", self.no_loop_guard),
            ("--bad-words", !self.bad_words.is_empty()),
            ("--force-words", !self.force_words.is_empty()),
            ("--stop", !self.stop.is_empty()),
            ("--time-limit", self.time_limit.is_some()),
            ("--temperature", self.temperature.is_some()),
            ("--top-k", self.top_k.is_some()),
            ("--top-p", self.top_p.is_some()),
            ("--min-p", self.min_p.is_some()),
            ("--typical-p", self.typical_p.is_some()),
            ("--seed", self.seed.is_some()),
            ("--prompt-lookup", self.prompt_lookup.is_some()),
        ];
        options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }
}

/// What is printed for each text.
#[derive(clap::Args)]
pub(crate) struct Results {
    /// Print the N best outputs of each text, at most as many as beams, or N samples: number of the text, score and output,
    /// separated by tabs [default: from the model, or 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) n_best: Option<u16>,
    /// Print the log-probability of each token
    #[arg(long, requires = "json")]
    pub(crate) token_scores: bool,
    /// Print the K most probable tokens at each position
    #[arg(long, value_name = "K", requires = "json")]
    pub(crate) alternatives: Option<u16>,
}

impl Results {
    /// The best output alone, without its tokens.
    pub(crate) const BEST: Self = Self { n_best: Some(1), token_scores: false, alternatives: None };

    /// Adds these options to those of the library.
    pub(crate) fn in_options(&self, options: DecodeOptions) -> DecodeOptions {
        DecodeOptions {
            n_best: self.n_best.map(usize::from),
            alternatives: self.alternatives.map_or(0, usize::from),
            ..options
        }
    }

    /// Whether tokens are printed.
    pub(crate) fn has_tokens(&self) -> bool {
        self.token_scores || self.alternatives.is_some()
    }
}

/// Terms with their translations.
#[derive(clap::Args)]
pub(crate) struct GlossaryArgs {
    /// A file with a term, a tab and its translation in each line; the translation of every term in a sentence is as given
    #[arg(long, value_name = "FILE")]
    pub(crate) glossary: Option<PathBuf>,
    /// Accept the other forms of a translation in the glossary, which are separated by |
    #[arg(long, requires = "glossary")]
    pub(crate) glossary_inflect: bool,
}
