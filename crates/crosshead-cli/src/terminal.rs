//! The terminal as a run's surroundings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use crosshead::recipes::report::Figure;
use crosshead::recipes::{Event, Host};

use crate::progress::Progress;
use crate::{embedded, output};

/// Shows events, and stops a run when it is asked to.
#[derive(Default)]
pub(crate) struct Terminal {
    progress: Option<Progress>,
    testing: Option<Progress>,
    stop: Arc<AtomicBool>,
}

impl Terminal {
    /// A terminal on which Ctrl-C and SIGTERM ask a run to stop; a second one ends the program at once.
    pub(crate) fn stopping_on_signals() -> anyhow::Result<Self> {
        let terminal = Self::default();
        let flag = Arc::clone(&terminal.stop);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            output::message("stopping after this step; once more to stop at once without saving");
        })
        .context("cannot listen for Ctrl-C")?;
        Ok(terminal)
    }

    fn message(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.message(text),
            None => output::message(text),
        }
    }
}

impl Host for Terminal {
    fn embedded(&self, name: &str) -> Option<&[u8]> {
        embedded::data(name)
    }

    fn on_event(&mut self, event: Event<'_>) {
        match event {
            Event::Message(text) => self.message(&text),
            Event::Step { report, steps } => {
                let at = &report.progress;
                let text = format!(
                    "epoch {} loss {:.3} lr {:.2e} {:.0} tokens/s",
                    at.epoch + 1,
                    report.loss,
                    report.learning_rate,
                    at.tokens as f64 / at.seconds.max(1e-9),
                );
                self.progress.get_or_insert_with(|| Progress::new(steps)).update(at.step, &text);
            }
            Event::Validated { step, figures, best } => {
                let kept = if best { "  best so far, saved" } else { "" };
                let figures: Vec<String> = figures.iter().map(Figure::brief).collect();
                self.message(&format!("step {step}: valid {}{kept}", figures.join(", ")));
            }
            Event::Tested { done, total, unit } => {
                if let Some(progress) = self.progress.take() {
                    progress.finish();
                }
                let (done, total) = (done as u64, total as u64);
                let progress = self.testing.get_or_insert_with(|| Progress::new(total));
                progress.update(done, &format!("{unit} tested"));
                if done >= total {
                    progress.finish();
                    self.testing = None;
                }
            }
        }
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}
