//! Which phrases a path has.

use super::{Form, Phrase, Phrases};

/// Which phrases a path has, and how far it is with the others.
#[derive(Clone)]
pub(crate) struct PhraseState<'a> {
    phrases: &'a Phrases,
    list: &'a [Phrase],
    met: Vec<bool>,
    /// The tokens since the last phrase.
    tail: Vec<u32>,
    /// Whether the tail begins with the first generated token.
    from_start: bool,
    /// A completed phrase that counts if a boundary follows.
    pending: Option<usize>,
}

impl<'a> PhraseState<'a> {
    /// The state before the first token of a sequence.
    pub(crate) fn start(phrases: &'a Phrases, sequence: usize) -> Self {
        let list = phrases.of(sequence);
        let met = vec![false; list.len()];
        Self { phrases, list, met, tail: Vec::new(), from_start: true, pending: None }
    }

    /// Whether the sequence has no phrases.
    pub(crate) fn is_free(&self) -> bool {
        self.list.is_empty()
    }

    /// The number of phrases that the path lacks if it ends here.
    pub(crate) fn missing(&self) -> usize {
        self.unmet().count()
    }

    /// The state after one more token.
    pub(crate) fn extended(&self, token: u32) -> Self {
        let mut state = self.clone();
        state.advance(token);
        state
    }

    fn advance(&mut self, token: u32) {
        if let Some(phrase) = self.pending.take()
            && self.phrases.is_boundary(token)
        {
            self.meet(phrase);
        }
        self.tail.push(token);
        let completed = self.unmet().filter_map(|phrase| {
            let forms = self.list[phrase].forms.iter().filter(|form| self.has(form));
            Some((forms.map(|form| form.tokens.len()).max()?, phrase))
        });
        // Of several, the longest; of equal ones, the first.
        let longest = completed.max_by_key(|&(len, phrase)| (len, std::cmp::Reverse(phrase)));
        match longest {
            Some((_, phrase)) if self.list[phrase].whole => self.pending = Some(phrase),
            Some((_, phrase)) => self.meet(phrase),
            None => {}
        }
    }

    fn meet(&mut self, phrase: usize) {
        self.met[phrase] = true;
        self.tail.clear();
        self.from_start = false;
    }

    /// The phrases that the path lacks.
    fn unmet(&self) -> impl Iterator<Item = usize> {
        (0..self.list.len()).filter(|&phrase| !self.met[phrase] && self.pending != Some(phrase))
    }

    /// Whether the path ends with a form.
    fn has(&self, form: &Form) -> bool {
        self.tail.ends_with(&form.tokens)
            && (!form.at_start || self.from_start && self.tail.len() == form.tokens.len())
    }

    /// The number of tokens at the end of the path that begin a form.
    fn begun(&self, form: &Form) -> usize {
        if form.at_start {
            let begins = self.from_start
                && self.tail.len() < form.tokens.len()
                && form.tokens.starts_with(&self.tail);
            return if begins { self.tail.len() } else { 0 };
        }
        let longest = (form.tokens.len() - 1).min(self.tail.len());
        (0..=longest).rev().find(|&len| self.tail.ends_with(&form.tokens[..len])).unwrap_or(0)
    }

    /// How far the path is: phrases count as much as the longest one, the one in progress as many tokens as it has.
    pub(crate) fn progress(&self) -> usize {
        let longest = self.list.iter().map(Phrase::len).max().unwrap_or(0);
        let whole = (self.list.len() - self.missing()) * longest;
        let begun = self.unmet().flat_map(|phrase| &self.list[phrase].forms);
        let begun = begun.map(|form| self.begun(form)).max().unwrap_or(0);
        // The tokens of a pending phrase are not the beginning of another one.
        if self.pending.is_some() { whole } else { whole + begun }
    }

    /// The tokens that begin or continue a phrase that the path lacks.
    pub(crate) fn next_tokens(&self) -> Vec<u32> {
        let mut tokens = Vec::new();
        for form in self.unmet().flat_map(|phrase| &self.list[phrase].forms) {
            if form.at_start && !(self.from_start && form.tokens.starts_with(&self.tail)) {
                continue;
            }
            tokens.push(form.tokens[self.begun(form)]);
            if !form.at_start {
                tokens.push(form.tokens[0]);
            }
        }
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    /// Whether only a boundary completes the last phrase, and this token is one.
    pub(crate) fn confirms(&self, token: u32) -> bool {
        self.pending.is_some() && self.phrases.is_boundary(token)
    }

    /// Whether a completed phrase waits for a boundary.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(phrases: &Phrases, tokens: &[u32]) -> usize {
        let start = PhraseState::start(phrases, 0);
        tokens.iter().fold(start, |state, &token| state.extended(token)).missing()
    }

    #[test]
    fn a_phrase_is_found_after_a_false_start() {
        let phrases = Phrases::same(vec![Phrase::new([vec![1, 1, 2]])]);
        assert_eq!(missing(&phrases, &[1, 1, 1, 2]), 0);
        assert_eq!(missing(&phrases, &[1, 1, 3, 2]), 1);
    }

    #[test]
    fn a_phrase_listed_twice_must_occur_twice() {
        let phrases =
            Phrases::same(vec![Phrase::new([vec![4]]), Phrase::new([vec![4], vec![5, 6]])]);
        assert_eq!(missing(&phrases, &[4, 7]), 1);
        assert_eq!(missing(&phrases, &[4, 7, 4]), 0);
        assert_eq!(missing(&phrases, &[5, 6, 4]), 0);
    }

    #[test]
    fn a_whole_phrase_counts_only_before_a_boundary() {
        let boundaries = vec![true, true, true, true, true, true, true, true, true, false];
        let phrase = Phrase { whole: true, ..Phrase::new([vec![4]]) };
        let phrases = Phrases::same(vec![phrase]).with_boundaries(boundaries);
        assert_eq!(missing(&phrases, &[4]), 0);
        assert_eq!(missing(&phrases, &[4, 9]), 1);
        assert_eq!(missing(&phrases, &[4, 9, 4, 1, 9]), 0);
    }

    #[test]
    fn a_form_may_count_only_at_the_start() {
        let form = Form { tokens: vec![3, 4], at_start: true };
        let phrase = Phrase { forms: vec![form, Form::from(vec![5])], whole: false };
        let phrases = Phrases::same(vec![phrase]);
        assert_eq!(missing(&phrases, &[3, 4, 1]), 0);
        assert_eq!(missing(&phrases, &[1, 3, 4]), 1);
        assert_eq!(missing(&phrases, &[1, 3, 5]), 0);
        assert_eq!(PhraseState::start(&phrases, 0).next_tokens(), [3, 5]);
        assert_eq!(PhraseState::start(&phrases, 0).extended(3).next_tokens(), [4, 5]);
        assert_eq!(PhraseState::start(&phrases, 0).extended(1).next_tokens(), [5]);
    }
}
