//! The variants of ROUGE, each as a metric.

use super::Rouge;
use crate::metric::Metric;
use crate::segment::Segment;
use crate::setting::Setting;

/// A variant of ROUGE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RougeVariant {
    /// ROUGE-1: single words.
    Rouge1,
    /// ROUGE-2: bigrams.
    Rouge2,
    /// ROUGE-L: the longest common subsequence of the texts.
    RougeL,
    /// ROUGE-Lsum: the longest common subsequences of their lines.
    RougeLsum,
}

/// F₁ of one variant.
pub(super) struct OfVariant {
    pub(super) rouge: Rouge,
    pub(super) variant: RougeVariant,
}

/// Statistics: F₁, and the number of segments.
impl Metric for OfVariant {
    fn name(&self) -> String {
        match self.variant {
            RougeVariant::Rouge1 => "ROUGE-1",
            RougeVariant::Rouge2 => "ROUGE-2",
            RougeVariant::RougeL => "ROUGE-L",
            RougeVariant::RougeLsum => "ROUGE-Lsum",
        }
        .to_owned()
    }

    fn settings(&self) -> Vec<Setting> {
        self.rouge.settings()
    }

    fn statistics(&self, segment: &Segment<'_>) -> Vec<f64> {
        let [rouge1, rouge2, rouge_l, rouge_lsum] = self.rouge.values(segment);
        let value = match self.variant {
            RougeVariant::Rouge1 => rouge1,
            RougeVariant::Rouge2 => rouge2,
            RougeVariant::RougeL => rouge_l,
            RougeVariant::RougeLsum => rouge_lsum,
        };
        vec![value.f1, 1.0]
    }

    fn value(&self, statistics: &[f64]) -> f64 {
        statistics[0] / statistics[1].max(1.0)
    }
}
