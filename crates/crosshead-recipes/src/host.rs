//! What a run needs from its surroundings, and what it tells them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crosshead_train::StepReport;

use crate::report::MetricValue;

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something a user wants to know.
    Message(String),
    /// A step is done.
    Step {
        /// What it did.
        report: &'a StepReport,
        /// The steps of the whole run.
        steps: u64,
    },
    /// A validation is done.
    Validated {
        /// The step.
        step: u64,
        /// What was found, the loss first.
        metrics: &'a [MetricValue],
        /// Whether the model is the best so far.
        best: bool,
    },
    /// A part of the test set is done.
    Tested {
        /// What is done.
        done: usize,
        /// What there is in all.
        total: usize,
        /// What is counted, such as sentences.
        unit: &'static str,
    },
}

/// Data that a program carries, by its name after `embedded:` in a recipe.
pub trait Assets {
    /// The bytes of a file, if the program carries it.
    fn find(&self, name: &str) -> Option<&[u8]>;
}

/// A program that carries no data: every file of a recipe is a path.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAssets;

impl Assets for NoAssets {
    fn find(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

/// Receives events: a terminal, a log, a test.
pub trait Events {
    /// An event has happened.
    fn on_event(&mut self, event: Event<'_>);
}

/// A request to stop, shared by whoever asks and the run that looks for it after each step.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the run to save and stop; whether somebody has asked before.
    pub fn request(&self) -> bool {
        self.0.swap(true, Ordering::SeqCst)
    }

    /// Whether somebody has asked.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The surroundings of a run.
pub struct Host<'a> {
    /// Data that the program carries.
    pub assets: &'a dyn Assets,
    /// Receives events.
    pub events: &'a mut dyn Events,
    /// The request to save and stop.
    pub stop: Stop,
}
