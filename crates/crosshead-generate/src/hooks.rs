//! What a caller adds to decoding.

use std::ops::ControlFlow;

use crate::{Constraint, Observer, Step, StepToken};

/// What a caller adds to [`decode`](crate::decode): an [`Observer`], and [`Constraint`]s.
#[derive(Default)]
pub struct Hooks<'a> {
    observer: Option<&'a mut dyn Observer>,
    constraints: Vec<&'a dyn Constraint>,
}

impl<'a> Hooks<'a> {
    /// Nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Tells an observer of each step. Default: none.
    pub fn with_observer(self, observer: &'a mut dyn Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Adds a constraint; several are applied in the order in which they were added. Default: none.
    pub fn with_constraint(mut self, constraint: &'a dyn Constraint) -> Self {
        self.constraints.push(constraint);
        self
    }

    pub(crate) fn constraints(&self) -> &[&'a dyn Constraint] {
        &self.constraints
    }

    /// Tells the observer of a step; whether decoding goes on.
    pub(crate) fn observe(
        &mut self,
        number: usize,
        tokens: &[StepToken],
        live: usize,
    ) -> ControlFlow<()> {
        match &mut self.observer {
            Some(observer) => observer.on_tokens(&Step { number, tokens, live }),
            None => ControlFlow::Continue(()),
        }
    }
}
