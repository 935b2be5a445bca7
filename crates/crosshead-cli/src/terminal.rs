//! The terminal: shows events, and stops a run on Ctrl-C.

use anyhow::Context;
use crosshead::recipes::report::MetricValue;
use crosshead::recipes::{Event, Events, Stop};

use crate::output;
use crate::progress::Progress;

/// Shows events.
#[derive(Default)]
pub(crate) struct Terminal {
    progress: Option<Progress>,
    testing: Option<Progress>,
}

/// A stop request that is set by Ctrl-C and, on Unix, by SIGTERM and SIGHUP. A second signal exits immediately, and so does the first
/// one when everything is saved; `again` is the command that resumes the run.
pub(crate) fn stop_on_signals(again: String) -> anyhow::Result<Stop> {
    let stop = Stop::default();
    let requested = stop.clone();
    ctrlc::set_handler(move || {
        let is_second = requested.request();
        if requested.is_only_testing() {
            stopped(&again);
            std::process::exit(0);
        }
        if is_second {
            std::process::exit(130);
        }
        output::message("stopping after this step; press Ctrl-C again to exit without saving");
    })
    .context("cannot install the Ctrl-C handler")?;
    Ok(stop)
}

/// Tells that a run was stopped, and the command that resumes it.
pub(crate) fn stopped(again: &str) {
    output::message(format_args!("stopped; resume with: {again}"));
}

impl Terminal {
    fn message(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.message(text),
            None => output::message(text),
        }
    }
}

impl Events for Terminal {
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
            Event::Validated { step, metrics, best } => {
                let kept = if best { "  best so far, saved" } else { "" };
                let metrics: Vec<String> = metrics.iter().map(MetricValue::brief).collect();
                self.message(&format!("step {step}: valid {}{kept}", metrics.join(", ")));
            }
            Event::Validating { done, total, unit } => {
                if let Some(progress) = &mut self.progress {
                    progress.note(&format!("validating: {done} of {total} {unit}"));
                }
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
}
