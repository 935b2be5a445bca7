//! Required texts in place of the words that the model would write.
//!
//! The model translates freely. Cross-attention says which words of its translation come from the source of a required text. The
//! translation is kept up to these words, the required text follows, and the model continues after it. So the model's own words for
//! the source are not left over, as they can be in constrained beam search, which only requires the text to be somewhere.

use std::ops::Range;

use crosshead_generate::{Length, StopReason, score};
use crosshead_kernels::in_pool;

use super::{TextToText, Written};
use crate::alignment::Alignment;
use crate::options::{Batch, ModelKind, Plan};
use crate::streaming::{Outputs, decode_passive};
use crate::words::{Required, Words};
use crate::{Candidate, TaskError, TextHooks};

/// An output of which the beginning is given.
struct Draft {
    text: String,
    /// The ids, with the end token.
    ids: Vec<u32>,
    stop: StopReason,
    /// The number of ids that are given.
    fixed: usize,
}

impl TextToText {
    /// Whether required texts can be substituted: the output for a text is the best one of a search in which nothing else takes
    /// part.
    pub(super) fn substitutes(&self, hooks: &TextHooks<'_>) -> bool {
        let (options, generation) = (&self.options, &self.generation);
        hooks.is_passive()
            && options.hypotheses(generation) == 1
            && options.sampling(generation, ModelKind::EncoderDecoder).is_none()
            && options.force_words.is_empty()
            && generation.force_words_ids.is_empty()
            && options.prompt_lookup.is_none()
            && options.time_limit.or(generation.max_time).is_none()
    }

    /// The output for a text in which each required text is in place of the words that come from its source; `None` if there is no
    /// such output.
    pub(super) fn substituted(
        &self,
        text: &str,
        source: &[u32],
        required: &[Required],
    ) -> Result<Option<Written>, TaskError> {
        let Some(mut draft) = self.continued(source, &[], false)? else { return Ok(None) };
        loop {
            let layer = self.alignment.unwrap_or_default();
            let alignment = self.align(layer, &[text], vec![draft.ids.clone()])?.remove(0);
            let Some((place, missing)) = first_missing(&alignment, required, &draft.text) else {
                let best = self.scored(source, &draft)?;
                let alignment = self.alignment.map(|_| alignment);
                return Ok(Some(Written {
                    text: draft.text,
                    score: best.score,
                    stop: Some(draft.stop),
                    alignment,
                    n_best: vec![best],
                    ..Written::default()
                }));
            };
            let Some(start) = place else { return Ok(None) };
            let Some(beginning) = self.beginning(&draft, start, missing)? else { return Ok(None) };
            match self.continued(source, &beginning, missing.has_whole_words())? {
                Some(next) => draft = next,
                None => return Ok(None),
            }
        }
    }

    /// The ids of an output up to a byte, and of a required text after it; `None` if the byte is in the given part, or there are no
    /// such ids.
    fn beginning(
        &self,
        draft: &Draft,
        start: usize,
        required: &Required,
    ) -> Result<Option<Vec<u32>>, TaskError> {
        let spanned = self.tokenizer.decode_with_spans(&draft.ids)?;
        let reaches = |range: &Option<Range<usize>>| range.as_ref().is_some_and(|r| r.end > start);
        let Some(at) = spanned.ranges.iter().position(reaches) else { return Ok(None) };
        if at < draft.fixed {
            return Ok(None);
        }
        let words = Words::new(&self.tokenizer);
        for form in required.forms() {
            let expected = format!("{}{form}", &spanned.text[..start]);
            for tokens in words.spellings(form)? {
                let ids = [&draft.ids[..at], &tokens].concat();
                if self.tokenizer.decode(&ids)? == expected {
                    return Ok(Some(ids));
                }
            }
        }
        Ok(None)
    }

    /// The output that begins with these ids; `None` if the model does not end it. If `at_border`, the next token does not continue
    /// the last word.
    fn continued(
        &self,
        source: &[u32],
        beginning: &[u32],
        at_border: bool,
    ) -> Result<Option<Draft>, TaskError> {
        let sources = [source.to_vec()];
        let mut plan = self.free_plan(&sources)?;
        if !beginning.is_empty() {
            let given = beginning.len() - plan.prefix.len();
            let rest = |length: &Length| length.of(0).saturating_sub(given);
            let (max_len, min_len) = (rest(&plan.config.max_len), rest(&plan.config.min_len));
            if max_len == 0 {
                return Ok(None);
            }
            plan.config.max_len = max_len.into();
            plan.config.min_len = min_len.into();
            plan.config.prompts = vec![[&[plan.config.start_id], beginning].concat()];
            plan.config.suppressed_first = match at_border {
                true => (0..)
                    .zip(self.boundaries()?)
                    .filter(|(_, ends)| !**ends)
                    .map(|(id, _)| id)
                    .collect(),
                false => Vec::new(),
            };
            plan.prefix = beginning.to_vec();
        }
        let outputs = Outputs { tokenizer: &self.tokenizer, prompts: &[], indices: &[0] };
        let mut found = in_pool(|| {
            decode_passive(|hooks| self.search(&sources, &plan, hooks), &plan, &outputs)
        })?;
        let (ids, candidates) = (found.best_ids().remove(0), found.texts.remove(0));
        let ended = candidates
            .into_iter()
            .next()
            .filter(|best| matches!(best.stop, StopReason::EndToken(_) | StopReason::StopRule));
        Ok(ended.map(|Candidate { text, stop, .. }| Draft {
            text,
            ids,
            stop,
            fixed: beginning.len(),
        }))
    }

    /// The output with its probabilities.
    fn scored(&self, source: &[u32], draft: &Draft) -> Result<Candidate, TaskError> {
        let sources = [source.to_vec()];
        let plan = self.free_plan(&sources)?;
        let targets = [draft.ids[plan.prefix.len()..].to_vec()];
        let found = in_pool(|| score(&mut self.steps(&sources, &plan), &plan.config, &targets))?;
        let [hypothesis] = found.as_slice() else { unreachable!("each target has one hypothesis") };
        let scored = Candidate::new(draft.text.clone(), hypothesis, &self.tokenizer);
        Ok(Candidate { stop: draft.stop, ..scored })
    }

    /// The plan without required texts.
    fn free_plan(&self, sources: &[Vec<u32>]) -> Result<Plan, TaskError> {
        let batch = Batch { rows: sources, numbers: vec![0], required: vec![&[]], boundaries: &[] };
        let (config, tokenizer) = (self.model.config(), &self.tokenizer);
        self.options.for_encoder_decoder(&self.generation, config, tokenizer, batch)
    }
}

/// The first of the required texts that an output lacks, and the byte at which the words for its source begin, if they are known and
/// are not taken by another required text; `None` if the output has all.
fn first_missing<'r>(
    alignment: &Alignment,
    required: &'r [Required],
    text: &str,
) -> Option<(Option<usize>, &'r Required)> {
    let words_of = |required: &Required| words_for(alignment, required.source()?, text);
    let words: Vec<Option<Range<usize>>> = required.iter().map(words_of).collect();
    let overlap = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut is_met = vec![false; required.len()];
    // A text in the right place is not there for another source.
    for in_place in [true, false] {
        for (index, (required, words)) in required.iter().zip(&words).enumerate() {
            let is_right = |place: &Range<usize>| {
                !in_place || words.as_ref().is_some_and(|words| overlap(words, place))
            };
            let is_free = |place: &Range<usize>| !taken.iter().any(|other| overlap(other, place));
            let mut places = required.places(text).into_iter();
            if let Some(place) = places.find(|place| is_right(place) && is_free(place))
                && !is_met[index]
            {
                is_met[index] = true;
                taken.push(place);
            }
        }
    }
    let missing = (0..required.len()).filter(|&index| !is_met[index]);
    let first =
        missing.min_by_key(|&index| words[index].as_ref().map_or(0, |words| words.start))?;
    let free =
        words[first].as_ref().filter(|words| !taken.iter().any(|place| overlap(place, words)));
    Some((free.map(|words| words.start), &required[first]))
}

/// The bytes of the words that come from a part of the source: the word that gives it the largest weight, and the words beside it
/// whose largest weights are there too. Punctuation before them does not count.
fn words_for(alignment: &Alignment, part: &Range<usize>, text: &str) -> Option<Range<usize>> {
    let is_inside = |word: &Range<usize>| word.start < part.end && part.start < word.end;
    let weight = |row: &Vec<f32>| -> f32 {
        let inside = alignment.source.iter().zip(row).filter(|(word, _)| is_inside(word));
        inside.map(|(_, weight)| weight).sum()
    };
    let weights: Vec<f32> = alignment.weights.iter().map(weight).collect();
    let best =
        (0..weights.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b]).then(b.cmp(&a)))?;
    let mut comes_from_part = vec![false; weights.len()];
    for link in alignment.links() {
        let inside = is_inside(&alignment.source[link.source]);
        comes_from_part[link.target] = inside && weights[link.target] > weights[best] / 2.0;
    }
    let before = comes_from_part[..best].iter().rev().take_while(|&&comes| comes).count();
    let after = comes_from_part[best + 1..].iter().take_while(|&&comes| comes).count();
    let range = alignment.target[best - before].start..alignment.target[best + after].end;
    let words = text.get(range.clone())?;
    let punctuation = words.find(char::is_alphanumeric)?;
    Some(range.start + punctuation..range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a text.
    fn words(text: &str) -> Vec<Range<usize>> {
        let starts = text.split(' ').scan(0, |at, word| {
            let start = *at;
            *at += word.len() + 1;
            Some(start..start + word.len())
        });
        starts.collect()
    }

    /// An alignment in which each target word comes from one source word.
    fn aligned(source: &str, target: &str, links: &[usize]) -> Alignment {
        let source = words(source);
        let row = |&link: &usize| {
            (0..source.len()).map(|at| [0.1, 0.8][usize::from(at == link)]).collect()
        };
        Alignment { weights: links.iter().map(row).collect(), source, target: words(target) }
    }

    fn required(form: &str, source: Range<usize>) -> Required {
        Required::new([form]).with_whole_words(true).with_source(source)
    }

    #[test]
    fn the_words_from_a_source_are_found() {
        let text = "Die „Zeit am Ende“ ist lang";
        let alignment = aligned("The end time is long", text, &[0, 2, 1, 1, 3, 4]);
        let found = words_for(&alignment, &(4..12), text).unwrap();
        assert_eq!(&text[found], "Zeit am Ende“");
        let found = words_for(&alignment, &(13..15), text).unwrap();
        assert_eq!(&text[found], "ist");
    }

    #[test]
    fn the_first_missing_text_is_found() {
        let text = "Das Ende ist da, das Ziel auch";
        let alignment = aligned("the end is here the end too", text, &[0, 1, 2, 3, 4, 5, 6]);
        let both = [required("Ziel", 4..7), required("Ziel", 20..23)];
        let (start, missing) = first_missing(&alignment, &both, text).unwrap();
        assert_eq!((start, missing), (Some(4), &both[0]));
        assert_eq!(first_missing(&alignment, &both[1..], text), None);
        // A part of a word does not count.
        let (start, _) = first_missing(&alignment, &[required("Zie", 20..23)], text).unwrap();
        assert_eq!(start, Some(21));
        // The place of another text is not free.
        let crowded = [required("Ziel", 20..23), required("Rest", 20..23)];
        assert_eq!(first_missing(&alignment, &crowded, text), Some((None, &crowded[1])));
    }
}
