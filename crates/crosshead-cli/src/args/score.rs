//! The arguments of `crosshead score`.

use std::path::PathBuf;

use anyhow::bail;
use clap::ValueEnum;
use crosshead::metrics::Tokenizer;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead score -r reference.txt translated.txt
  crosshead score -r reference.txt -m bleu,chrf++,ter translated.txt --confidence
  crosshead score -r first.txt -r second.txt translated.txt --tokenize zh
  crosshead score -r reference.txt old.txt new.txt --paired-bs --worst 10
  crosshead score -r reference.txt old.txt new.txt --paired-ar --format latex
  cat translated.txt | crosshead score -r reference.txt - --sentence

Files are UTF-8, with one segment per line; line n of a file belongs to line n of the others. BLEU, chrF and TER are those of \
sacreBLEU, as are their signatures, confidence intervals and p-values; ROUGE is that of rouge-score. Paired tests compare every \
system with the first one. Of TER, lower scores are better.")]
pub(crate) struct Score {
    /// A file of references; can be repeated, for several references per segment
    #[arg(short, long, value_name = "FILE", required = true)]
    pub(crate) reference: Vec<PathBuf>,
    /// The output of each system, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) systems: Vec<PathBuf>,
    /// The metrics, separated by commas
    #[arg(short, long, value_name = "METRICS", value_delimiter = ',', default_value = "bleu,chrf")]
    pub(crate) metrics: Vec<MetricName>,
    /// A blank reference is a missing one; each segment needs at least one that is not blank
    #[arg(long)]
    pub(crate) skip_blank_references: bool,
    /// Print the scores of each segment of one system, separated by tabs; BLEU is computed with its effective order
    #[arg(long)]
    pub(crate) sentence: bool,
    /// Also show the N segments with the worst score of the first metric; of two systems, those whose scores differ most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) worst: Option<u32>,
    /// The output format; json has all decimals
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// Number of decimals in text and LaTeX [default: 1]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=15))]
    pub(crate) width: Option<u8>,
    #[command(flatten)]
    pub(crate) significance: Significance,
    #[command(flatten)]
    pub(crate) bleu: BleuOptions,
    #[command(flatten)]
    pub(crate) chrf: ChrfOptions,
    #[command(flatten)]
    pub(crate) ter: TerOptions,
    /// Stem words of more than three characters, as Porter does
    #[arg(long, help_heading = "ROUGE")]
    pub(crate) rouge_stemmer: bool,
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricName {
    /// N-gram precision (Papineni et al. 2002)
    Bleu,
    /// Character n-gram F-score (Popović 2015)
    Chrf,
    /// The same with word unigrams and bigrams (Popović 2017)
    #[value(name = "chrf++")]
    ChrfPlusPlus,
    /// Translation edit rate (Snover et al. 2006); lower is better
    Ter,
    /// F1 of ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004)
    Rouge,
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// sacreBLEU's lines for one system, a table for several
    Text,
    /// One JSON object, or one per segment with --sentence
    Json,
    /// A LaTeX table (booktabs)
    Latex,
}

/// Confidence intervals and paired tests.
#[derive(clap::Args)]
#[command(next_help_heading = "Significance")]
pub(crate) struct Significance {
    /// Show 95 % confidence intervals, from bootstrap resampling
    #[arg(long)]
    pub(crate) confidence: bool,
    /// Test whether the systems differ: paired bootstrap resampling
    #[arg(long, conflicts_with = "paired_ar")]
    pub(crate) paired_bs: bool,
    /// Test whether the systems differ: paired approximate randomization
    #[arg(long)]
    pub(crate) paired_ar: bool,
    /// Number of bootstrap samples [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) resamples: Option<u32>,
    /// Number of randomization trials [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) trials: Option<u32>,
    /// Seed of the samples [default: 12345]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// The settings of BLEU.
#[derive(clap::Args)]
#[command(next_help_heading = "BLEU")]
pub(crate) struct BleuOptions {
    /// How to split into tokens: 13a, intl, zh, char or none [default: 13a]
    #[arg(long, value_name = "TOKENIZER", value_parser = tokenizer)]
    pub(crate) tokenize: Option<Tokenizer>,
    /// How to smooth a precision of zero [default: exp]
    #[arg(long, value_name = "METHOD")]
    pub(crate) smooth: Option<SmoothName>,
    /// The value of floor [default: 0.1] or add-k [default: 1]
    #[arg(long, value_name = "VALUE")]
    pub(crate) smooth_value: Option<f64>,
    /// Ignore case
    #[arg(long)]
    pub(crate) lowercase: bool,
    /// Leave out orders longer than the hypothesis
    #[arg(long)]
    pub(crate) effective_order: bool,
}

/// A smoothing method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SmoothName {
    /// The k-th order without a match is given 1/2ᵏ matches
    Exp,
    /// An order without a match is given this many matches
    Floor,
    /// The value is added to matches and totals above the first order
    AddK,
    /// An order without a match makes the score zero
    None,
}

/// The settings of chrF and chrF++.
#[derive(clap::Args)]
#[command(next_help_heading = "chrF")]
pub(crate) struct ChrfOptions {
    /// Highest order of character n-grams [default: 6]
    #[arg(long, value_name = "N")]
    pub(crate) chrf_char_order: Option<u8>,
    /// Highest order of word n-grams [default: 0, in chrf++ 2]
    #[arg(long, value_name = "N")]
    pub(crate) chrf_word_order: Option<u8>,
    /// Weight of recall against precision [default: 2]
    #[arg(long, value_name = "N")]
    pub(crate) chrf_beta: Option<u8>,
    /// Ignore case
    #[arg(long)]
    pub(crate) chrf_lowercase: bool,
    /// Include white space in character n-grams
    #[arg(long)]
    pub(crate) chrf_whitespace: bool,
    /// Average F-scores over all orders, as chrF++.py, NLTK and Moses do
    #[arg(long)]
    pub(crate) chrf_eps_smoothing: bool,
}

/// The settings of TER.
#[derive(clap::Args)]
#[command(next_help_heading = "TER")]
pub(crate) struct TerOptions {
    /// Do not ignore case
    #[arg(long)]
    pub(crate) ter_case_sensitive: bool,
    /// Split off punctuation and replace XML entities
    #[arg(long)]
    pub(crate) ter_normalized: bool,
    /// Remove punctuation
    #[arg(long)]
    pub(crate) ter_no_punct: bool,
    /// Treat Chinese and Japanese characters and punctuation likewise
    #[arg(long)]
    pub(crate) ter_asian_support: bool,
}

/// The tokenizer with a name of sacreBLEU's.
fn tokenizer(name: &str) -> anyhow::Result<Tokenizer> {
    if let Some(found) = Tokenizer::ALL.into_iter().find(|tokenizer| tokenizer.name() == name) {
        return Ok(found);
    }
    match name {
        "ja-mecab" | "ko-mecab" => bail!(
            "{name} needs MeCab and its dictionary, which are not included; tokenize the files with \
             MeCab and use none, or use char"
        ),
        "spm" | "flores101" | "flores200" | "spBLEU-1K" => bail!(
            "{name} needs a SentencePiece model that is not included; encode the files with it and \
             use none, or use char"
        ),
        _ => bail!("the tokenizers are 13a, intl, zh, char and none"),
    }
}

impl Score {
    /// An option for a metric that is not computed, with that metric.
    pub(crate) fn without_metric(&self) -> Option<(&'static str, &'static str)> {
        let has = |names: &[MetricName]| self.metrics.iter().any(|metric| names.contains(metric));
        let Self { bleu, chrf, ter, .. } = self;
        let of_bleu = [
            ("--tokenize", bleu.tokenize.is_some()),
            ("--smooth", bleu.smooth.is_some()),
            ("--smooth-value", bleu.smooth_value.is_some()),
            ("--lowercase", bleu.lowercase),
            ("--effective-order", bleu.effective_order),
        ];
        let of_chrf = [
            ("--chrf-char-order", chrf.chrf_char_order.is_some()),
            ("--chrf-word-order", chrf.chrf_word_order.is_some()),
            ("--chrf-beta", chrf.chrf_beta.is_some()),
            ("--chrf-lowercase", chrf.chrf_lowercase),
            ("--chrf-whitespace", chrf.chrf_whitespace),
            ("--chrf-eps-smoothing", chrf.chrf_eps_smoothing),
        ];
        let of_ter = [
            ("--ter-case-sensitive", ter.ter_case_sensitive),
            ("--ter-normalized", ter.ter_normalized),
            ("--ter-no-punct", ter.ter_no_punct),
            ("--ter-asian-support", ter.ter_asian_support),
        ];
        let of_rouge = [("--rouge-stemmer", self.rouge_stemmer)];
        let groups = [
            ("bleu", has(&[MetricName::Bleu]), &of_bleu[..]),
            ("chrf", has(&[MetricName::Chrf, MetricName::ChrfPlusPlus]), &of_chrf[..]),
            ("ter", has(&[MetricName::Ter]), &of_ter[..]),
            ("rouge", has(&[MetricName::Rouge]), &of_rouge[..]),
        ];
        let unused = groups.into_iter().filter(|(_, is_computed, _)| !is_computed);
        unused.into_iter().find_map(|(metric, _, options)| {
            options.iter().find_map(|&(option, is_given)| is_given.then_some((option, metric)))
        })
    }
}
