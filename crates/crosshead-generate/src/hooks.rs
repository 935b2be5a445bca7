//! Caller-supplied hooks: an observer, constraints, a stop rule and a time limit.

use std::time::Instant;

use crate::hypothesis::Alternatives;
use crate::{Constraint, Flow, Observer, Step, StepToken, StopReason, StopRule};

/// Caller-supplied hooks for [`decode`](crate::decode): an [`Observer`], [`Constraint`]s, a [`StopRule`] and a time limit.
#[derive(Default)]
pub struct Hooks<'a> {
    observer: Option<&'a mut dyn Observer>,
    constraints: Vec<&'a dyn Constraint>,
    stop_rule: Option<&'a dyn StopRule>,
    deadline: Option<Instant>,
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

    /// Ends a sequence with the token at which a rule says so. Default: none.
    pub fn with_stop_rule(self, rule: &'a dyn StopRule) -> Self {
        Self { stop_rule: Some(rule), ..self }
    }

    /// Ends all sequences after the first step that finishes past this time, with [`StopReason::TimeLimit`]. Default: none.
    pub fn with_deadline(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    pub(crate) fn constraints(&self) -> &[&'a dyn Constraint] {
        &self.constraints
    }

    pub(crate) fn stop_rule(&self) -> Option<&'a dyn StopRule> {
        self.stop_rule
    }

    /// Passes a step to the observer. Returns which sequences stop after it, and why.
    pub(crate) fn after_step(
        &mut self,
        number: usize,
        tokens: &[StepToken],
        alternatives: &[Alternatives],
        live: usize,
    ) -> (Flow, StopReason) {
        let flow = match &mut self.observer {
            Some(observer) => observer.on_step(&Step { number, tokens, alternatives, live }),
            None => Flow::Continue,
        };
        if flow != Flow::StopAll && self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
        {
            return (Flow::StopAll, StopReason::TimeLimit);
        }
        (flow, StopReason::Cancelled)
    }
}
