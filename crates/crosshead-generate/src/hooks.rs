//! Caller-supplied hooks: an observer and constraints.

use crate::{Constraint, Flow, Observer, Step, StepToken};

/// Caller-supplied hooks for [`decode`](crate::decode): an [`Observer`] and [`Constraint`]s.
#[derive(Default)]
pub struct Hooks<'a> {
    observer: Option<&'a mut dyn Observer>,
    constraints: Vec<&'a dyn Constraint>,
}

impl<'a> Hooks<'a> {
    /// No hooks.
    pub fn none() -> Self {
        Self::default()
    }

    /// Calls an observer after each step. Default: none.
    pub fn with_observer(self, observer: &'a mut dyn Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Adds a constraint; constraints are applied in the order in which they were added. Default: none.
    pub fn with_constraint(mut self, constraint: &'a dyn Constraint) -> Self {
        self.constraints.push(constraint);
        self
    }

    pub(crate) fn constraints(&self) -> &[&'a dyn Constraint] {
        &self.constraints
    }

    /// Passes a step to the observer.
    pub(crate) fn observe(&mut self, number: usize, tokens: &[StepToken], live: usize) -> Flow {
        match &mut self.observer {
            Some(observer) => observer.on_step(&Step { number, tokens, live }),
            None => Flow::Continue,
        }
    }
}
