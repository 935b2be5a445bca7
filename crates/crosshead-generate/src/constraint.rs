//! Caller-supplied rules for the next token.

/// A rule for the next token that depends on the tokens so far, such as a grammar.
///
/// Each sequence has its own state. In beam search, the state follows its beam: it is copied when a beam branches and
/// dropped when the beam is dropped.
pub trait Constraint {
    /// The initial state of a sequence of the batch, after its prompt, or after the start token if it has no prompt.
    fn start(&self, sequence: usize, prompt: &[u32]) -> Box<dyn ConstraintState>;
}

/// The state of a [`Constraint`] in one sequence.
pub trait ConstraintState: Send {
    /// Changes the scores of the next token in place, indexed by token id: −∞ forbids a token, and adding to a score
    /// changes its log-probability by that amount.
    ///
    /// Scores are log-probabilities up to an additive constant per row. Tokens forbidden by other options are already
    /// −∞ and must stay −∞. NaN or +∞ causes an error.
    fn apply(&self, scores: &mut [f32]);

    /// Called when the sequence is extended by this token. End tokens are not passed.
    fn advance(&mut self, token: u32);

    /// An independent copy of the state.
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

    /// Copies of the states, advanced by one token.
    pub(crate) fn forked(&self, token: u32) -> Self {
        let mut states = Self(self.0.iter().map(|state| state.fork()).collect());
        states.advance(token);
        states
    }
}
