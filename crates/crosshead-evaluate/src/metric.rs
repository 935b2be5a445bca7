//! What the metrics of texts have in common.

use crate::sampling::{self, Sampling};
use crate::segment::{ReferenceCount, Segment};
use crate::setting::Setting;

/// A metric of texts. The score of a corpus is a function of statistics that are summed over its segments, so scores of
/// resampled corpora need no text.
pub trait Metric: Sync {
    /// The name, such as `BLEU`, `chrF2++` or `ROUGE-L`.
    fn name(&self) -> String;

    /// The settings in a signature, in order.
    fn settings(&self) -> Vec<Setting>;

    /// Whether higher or lower scores are better.
    fn best(&self) -> Best {
        Best::Highest
    }

    /// The statistics of a segment with at least one reference: as many numbers for every segment.
    fn statistics(&self, segment: &Segment<'_>) -> Vec<f64>;

    /// The score for the sum of the statistics of the segments.
    fn value(&self, statistics: &[f64]) -> f64;

    /// What sacreBLEU prints after the score, such as the precisions of BLEU.
    fn details(&self, _statistics: &[f64]) -> Option<String> {
        None
    }

    /// The settings in sacreBLEU's format (Post 2018, section 4): `key:value` pairs separated by `|`.
    fn signature(&self, references: ReferenceCount, samplings: &[Sampling]) -> String {
        let references = match references {
            ReferenceCount::Each(count) => count.to_string(),
            ReferenceCount::Varies => "var".to_owned(),
        };
        let mut settings = vec![Setting::new("nrefs", references)];
        settings.extend(sampling::settings(samplings));
        settings.extend(self.settings());
        settings.push(Setting::new("version", concat!("crosshead-", env!("CARGO_PKG_VERSION"))));
        let pairs: Vec<String> =
            settings.iter().map(|Setting { key, value }| format!("{key}:{value}")).collect();
        pairs.join("|")
    }
}

/// Which of two scores is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Best {
    /// The higher one.
    Highest,
    /// The lower one.
    Lowest,
}
