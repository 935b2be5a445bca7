//! Hypotheses paired with their references.

use crate::EvaluateError;

/// One hypothesis and its references, at least one.
pub(crate) struct Segment<'a> {
    pub(crate) hypothesis: &'a str,
    pub(crate) references: Vec<&'a str>,
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
    if streams.is_empty() {
        return Err(EvaluateError::NoReferences);
    }
    for (index, stream) in streams.iter().enumerate() {
        let references = stream.as_ref().len();
        if references != hypotheses.len() {
            return Err(EvaluateError::LengthMismatch {
                stream: index + 1,
                references,
                hypotheses: hypotheses.len(),
            });
        }
    }
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
