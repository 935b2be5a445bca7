//! What a run needs from its caller: embedded data, an event handler, a stop request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crosshead_train::StepReport;

use crate::report::MetricValue;

/// An event of a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// A message to the user.
    Message(String),
    /// A step has finished.
    Step {
        /// Its report.
        report: &'a StepReport,
        /// The number of steps in the run.
        steps: u64,
    },
    /// A validation has finished.
    Validated {
        /// The step.
        step: u64,
        /// The metrics, the loss first.
        metrics: &'a [MetricValue],
        /// Whether the model is the best so far.
        best: bool,
    },
    /// Part of the validation set has been processed.
    Validating {
        /// How many units are done.
        done: usize,
        /// How many units there are.
        total: usize,
        /// The unit, such as sentences.
        unit: &'static str,
    },
    /// Part of the test set has been processed.
    Tested {
        /// How many units are done.
        done: usize,
        /// How many units there are.
        total: usize,
        /// The unit, such as sentences.
        unit: &'static str,
    },
}

/// Embedded data, by its name after `embedded:` in a recipe.
pub trait Assets {
    /// The bytes of the embedded file with this name, if there is one.
    fn find(&self, name: &str) -> Option<&[u8]>;
}

/// No embedded data: every file in a recipe is a path.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAssets;

impl Assets for NoAssets {
    fn find(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

/// Handles events, for example by showing them on a terminal or writing a log.
pub trait Events {
    /// Handles an event.
    fn on_event(&mut self, event: Event<'_>);
}

/// A request to stop. Clones share its state; the run checks it after each step and before the test at its end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<StopState>);

#[derive(Debug, Default)]
struct StopState {
    requested: AtomicBool,
    only_testing: AtomicBool,
}

impl Stop {
    /// Requests that the run saves a checkpoint and stops. Returns whether this was requested before.
    pub fn request(&self) -> bool {
        self.0.requested.swap(true, Ordering::SeqCst)
    }

    /// Whether a stop was requested.
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// Whether everything is saved and only the test of the best model is left, which does not check for requests. A program can
    /// exit then; the resumed run repeats the test.
    pub fn is_only_testing(&self) -> bool {
        self.0.only_testing.load(Ordering::SeqCst)
    }

    /// Says that only the test is left.
    pub(crate) fn set_only_testing(&self) {
        self.0.only_testing.store(true, Ordering::SeqCst);
    }
}

/// What a run needs from its caller.
pub struct Host<'a> {
    /// Embedded data.
    pub assets: &'a dyn Assets,
    /// Receives events.
    pub events: &'a mut dyn Events,
    /// The stop request.
    pub stop: Stop,
}
