//! What a run needs from its surroundings, and what it tells them.

use crosshead_train::StepReport;

use crate::report::Figure;

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
        figures: &'a [Figure],
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

/// What a run needs from its surroundings.
pub trait Host {
    /// Data that the program carries, by its name behind `embedded:`.
    fn embedded(&self, name: &str) -> Option<&[u8]>;

    /// Tells of an event.
    fn on_event(&mut self, event: Event<'_>);

    /// Whether the run is to save and stop.
    fn should_stop(&self) -> bool;
}
