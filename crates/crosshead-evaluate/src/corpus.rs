//! Hypotheses paired with their references.

use rayon::prelude::*;

use crate::metric::Metric;
use crate::segment::{ReferenceCount, Segment};
use crate::text::trim_end;
use crate::{EvaluateError, Score};

/// The references of a corpus: at least one for each segment.
#[derive(Debug, Clone)]
pub struct References<'a> {
    segments: Vec<Vec<&'a str>>,
}

impl<'a> References<'a> {
    /// The references in one or more streams, each with one reference per segment.
    ///
    /// # Errors
    ///
    /// If there is no stream, or a stream does not have `segments` references.
    pub fn new<R: AsRef<str> + 'a>(
        streams: &'a [impl AsRef<[R]>],
        segments: usize,
    ) -> Result<Self, EvaluateError> {
        check_streams(streams, segments)?;
        let references_of = |segment: usize| {
            streams.iter().map(|stream| stream.as_ref()[segment].as_ref()).collect()
        };
        Ok(Self { segments: (0..segments).map(references_of).collect() })
    }

    /// Like [`new`](Self::new), but an empty or blank reference means that the segment has no reference in that stream.
    ///
    /// # Errors
    ///
    /// See [`new`](Self::new); also if all references of a segment are blank.
    pub fn without_blank<R: AsRef<str> + 'a>(
        streams: &'a [impl AsRef<[R]>],
        segments: usize,
    ) -> Result<Self, EvaluateError> {
        let mut references = Self::new(streams, segments)?;
        for (index, of_segment) in references.segments.iter_mut().enumerate() {
            of_segment.retain(|reference| !trim_end(reference).is_empty());
            if of_segment.is_empty() {
                return Err(EvaluateError::SegmentWithoutReference { segment: index + 1 });
            }
        }
        Ok(references)
    }

    /// The number of references of the segments.
    pub fn count(&self) -> ReferenceCount {
        let mut counts = self.segments.iter().map(Vec::len);
        let first = counts.next().unwrap_or_default();
        if counts.all(|count| count == first) {
            ReferenceCount::Each(first)
        } else {
            ReferenceCount::Varies
        }
    }

    /// The references of a segment.
    ///
    /// # Panics
    /// If there is no such segment.
    pub fn of(&self, segment: usize) -> &[&'a str] {
        &self.segments[segment]
    }
}

/// The statistics of a metric for each segment of a corpus.
#[derive(Debug, Clone)]
pub struct SegmentStatistics {
    /// The statistics of the segments, one after the other.
    values: Vec<f64>,
    /// The number of statistics of a segment.
    width: usize,
}

impl SegmentStatistics {
    /// Compares hypotheses with their references, on all cores.
    ///
    /// # Errors
    ///
    /// If the corpus is empty, or the numbers of hypotheses and references differ.
    pub fn new(
        metric: &dyn Metric,
        hypotheses: &[impl AsRef<str> + Sync],
        references: &References<'_>,
    ) -> Result<Self, EvaluateError> {
        check_count(1, references.segments.len(), hypotheses.len())?;
        let segments: Vec<Vec<f64>> = hypotheses
            .par_iter()
            .zip(&references.segments)
            .map(|(hypothesis, references)| {
                let references = references.clone();
                metric.statistics(&Segment { hypothesis: hypothesis.as_ref(), references })
            })
            .collect();
        Ok(Self { width: segments[0].len(), values: segments.concat() })
    }

    /// The number of segments.
    pub fn count(&self) -> usize {
        self.values.len() / self.width
    }

    /// The statistics of a segment.
    ///
    /// # Panics
    /// If there is no such segment.
    pub fn of(&self, segment: usize) -> &[f64] {
        &self.values[segment * self.width..][..self.width]
    }

    /// The sum over all segments.
    pub fn sum(&self) -> Vec<f64> {
        self.sum_of(0..self.count())
    }

    /// The sum over some segments, each as often as it is given.
    pub(crate) fn sum_of(&self, segments: impl IntoIterator<Item = usize>) -> Vec<f64> {
        let mut sum = vec![0.0; self.width];
        for segment in segments {
            sum.iter_mut().zip(self.of(segment)).for_each(|(sum, value)| *sum += value);
        }
        sum
    }
}

/// The segments of a corpus with one or more reference streams, each with one reference per hypothesis.
pub(crate) fn segments<'a, H, S, R>(
    hypotheses: &'a [H],
    streams: &'a [S],
) -> Result<impl Iterator<Item = Segment<'a>>, EvaluateError>
where
    H: AsRef<str>,
    S: AsRef<[R]>,
    R: AsRef<str> + 'a,
{
    if hypotheses.is_empty() {
        return Err(EvaluateError::EmptyCorpus);
    }
    check_streams(streams, hypotheses.len())?;
    Ok(hypotheses.iter().enumerate().map(|(i, hypothesis)| Segment {
        hypothesis: hypothesis.as_ref(),
        references: streams.iter().map(|stream| stream.as_ref()[i].as_ref()).collect(),
    }))
}

/// The single segment of a sentence with one or more references.
pub(crate) fn sentence<'a>(
    hypothesis: &'a str,
    references: &'a [impl AsRef<str>],
) -> Result<Segment<'a>, EvaluateError> {
    if references.is_empty() {
        return Err(EvaluateError::NoReferences);
    }
    Ok(Segment { hypothesis, references: references.iter().map(AsRef::as_ref).collect() })
}

/// The score of segments with `n_references` references each.
pub(crate) fn score<'a>(
    metric: &impl Metric,
    segments: impl IntoIterator<Item = Segment<'a>>,
    n_references: usize,
) -> Result<Score, EvaluateError> {
    let mut sum: Vec<f64> = Vec::new();
    for segment in segments {
        let statistics = metric.statistics(&segment);
        sum.resize(statistics.len(), 0.0);
        sum.iter_mut().zip(statistics).for_each(|(sum, value)| *sum += value);
    }
    Ok(Score {
        name: metric.name(),
        score: metric.value(&sum),
        signature: metric.signature(ReferenceCount::Each(n_references), &[]),
    })
}

fn check_streams<R>(streams: &[impl AsRef<[R]>], segments: usize) -> Result<(), EvaluateError> {
    if streams.is_empty() {
        return Err(EvaluateError::NoReferences);
    }
    let lengths = streams.iter().map(|stream| stream.as_ref().len());
    (1..).zip(lengths).try_for_each(|(stream, length)| check_count(stream, length, segments))
}

fn check_count(stream: usize, references: usize, hypotheses: usize) -> Result<(), EvaluateError> {
    if hypotheses == 0 {
        Err(EvaluateError::EmptyCorpus)
    } else if references != hypotheses {
        Err(EvaluateError::LengthMismatch { stream, references, hypotheses })
    } else {
        Ok(())
    }
}
