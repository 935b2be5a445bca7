//! Rules of the caller for what may come next.

/// A rule for the next token that depends on the tokens so far, such as a grammar.
///
/// Each sequence has a state of its own. Under beam search a state follows its beam: it is forked where a beam goes on in
/// several ways and dropped with it.
pub trait Constraint {
    /// The state of a sequence of the batch after its prompt, or after the start token where it has none.
    fn start(&self, sequence: usize, prompt: &[u32]) -> Box<dyn ConstraintState>;
}

/// The state of a [`Constraint`] in one sequence.
pub trait ConstraintState: Send {
    /// Changes the scores of the next token, `scores[token]`: −∞ forbids a token, adding to a score changes its
    /// log-probability by as much.
    ///
    /// Scores are log-probabilities plus a number that is the same for all tokens of the row. What the other options
    /// forbid is −∞ already, and must stay so. NaN and +∞ are refused.
    fn apply(&self, scores: &mut [f32]);

    /// The sequence took this token, which is no end token.
    fn advance(&mut self, token: u32);

    /// A copy that goes on independently.
    fn fork(&self) -> Box<dyn ConstraintState>;
}

/// The states of all constraints in one sequence.
pub(crate) struct States(Vec<Box<dyn ConstraintState>>);

impl States {
    pub(crate) fn start(constraints: &[&dyn Constraint], sequence: usize, prompt: &[u32]) -> Self {
        Self(constraints.iter().map(|constraint| constraint.start(sequence, prompt)).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn apply(&self, scores: &mut [f32]) {
        self.0.iter().for_each(|state| state.apply(scores));
    }

    pub(crate) fn advance(&mut self, token: u32) {
        self.0.iter_mut().for_each(|state| state.advance(token));
    }

    /// The states after one more token.
    pub(crate) fn forked(&self, token: u32) -> Self {
        let mut states = Self(self.0.iter().map(|state| state.fork()).collect());
        states.advance(token);
        states
    }
}
