//! Metrics.

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name in recipes, logs and JSON.
    pub key: &'static str,
    /// Its display name.
    pub name: &'static str,
    /// Number of decimals to show.
    pub decimals: usize,
    /// Whether a higher value is better.
    pub higher_is_better: bool,
}

const fn score(key: &'static str, name: &'static str) -> Metric {
    Metric { key, name, decimals: 2, higher_is_better: true }
}

const fn cost(key: &'static str, name: &'static str, decimals: usize) -> Metric {
    Metric { key, name, decimals, higher_is_better: false }
}

/// Mean negative log-likelihood per target, in nats.
pub const LOSS: Metric = cost("loss", "loss", 4);
/// Corpus BLEU (Papineni et al. 2002), 0 to 100.
pub const BLEU: Metric = score("bleu", "BLEU");
/// Corpus chrF (Popović 2015), 0 to 100.
pub const CHRF: Metric = score("chrf", "chrF");
/// F1 of unigrams (Lin 2004), 0 to 100.
pub const ROUGE_1: Metric = score("rouge1", "ROUGE-1");
/// F1 of bigrams (Lin 2004), 0 to 100.
pub const ROUGE_2: Metric = score("rouge2", "ROUGE-2");
/// F1 of the longest common subsequence (Lin 2004), 0 to 100.
pub const ROUGE_L: Metric = score("rouge_l", "ROUGE-L");
/// Accuracy, 0 to 100.
pub const ACCURACY: Metric = score("accuracy", "accuracy");
/// Macro-F1: the mean F1 of the classes that occur in the labels or the predictions, 0 to 100.
pub const MACRO_F1: Metric = score("macro_f1", "macro-F1");
/// The exponential of the mean negative log-likelihood per token.
pub const PERPLEXITY: Metric = cost("perplexity", "perplexity", 3);
/// The exponential of the mean negative log-likelihood of a token, given all others (Salazar et al. 2020).
pub const PSEUDO_PERPLEXITY: Metric = cost("pseudo_perplexity", "pseudo-perplexity", 3);
/// Negative log-likelihood in bits per character.
pub const BITS_PER_CHARACTER: Metric = cost("bits_per_character", "bits per character", 4);
/// Negative log-likelihood in bits per byte of UTF-8.
pub const BITS_PER_BYTE: Metric = cost("bits_per_byte", "bits per byte", 4);
/// F1 of entities: the harmonic mean of precision and recall over all types, as in seqeval, 0 to 100.
pub const F1: Metric = score("f1", "F1");
/// Precision of entities: the share of the predicted ones that are correct, 0 to 100.
pub const PRECISION: Metric = score("precision", "precision");
/// Recall of entities: the share of the true ones that are predicted, 0 to 100.
pub const RECALL: Metric = score("recall", "recall");
/// Spearman's rank correlation of cosine similarities with scores, −100 to 100.
pub const SPEARMAN: Metric = score("spearman", "Spearman");
