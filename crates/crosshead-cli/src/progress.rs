//! Progress on standard error: a bar on a terminal, plain lines otherwise.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::output;

/// Time between plain lines.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// The progress of a long operation.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
    /// Whether the units are bytes.
    bytes: bool,
    /// When the first units were reported, and how many.
    first: Option<(Instant, u64)>,
    shown: Option<Instant>,
}

impl Progress {
    /// Progress over `total` units.
    pub(crate) fn new(total: u64) -> Self {
        Self::with_template(total, "{bar:24} {pos}/{len} {msg}", false)
    }

    /// Progress over `total` bytes.
    #[cfg(feature = "hub")]
    pub(crate) fn of_bytes(total: u64) -> Self {
        Self::with_template(total, "{bar:24} {bytes}/{total_bytes} {msg}", true)
    }

    fn with_template(total: u64, template: &str, bytes: bool) -> Self {
        let is_shown = output::tells(output::Told::Messages);
        let bar = (is_shown && std::io::stderr().is_terminal()).then(|| {
            let style =
                ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style)
        });
        Self { bar, total, bytes, first: None, shown: None }
    }

    /// Reports that `done` units are done, with additional text.
    pub(crate) fn update(&mut self, done: u64, text: &str) {
        let (started, first) = *self.first.get_or_insert_with(|| (Instant::now(), done));
        let text = match left(started.elapsed(), first, done, self.total) {
            Some(left) => format!("{text} eta {}", minutes(left)),
            None => text.to_owned(),
        };
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(text);
            return;
        }
        if done == self.total || self.shown.is_none_or(|shown| shown.elapsed() >= PLAIN_INTERVAL) {
            self.shown = Some(Instant::now());
            if self.bytes {
                let (done, total) = (HumanBytes(done), HumanBytes(self.total));
                output::message(format_args!("{done}/{total} {text}"));
            } else {
                output::message(format_args!("{done}/{} {text}", self.total));
            }
        }
    }

    /// Shows what is done besides the units.
    pub(crate) fn note(&mut self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        } else if self.shown.is_none_or(|shown| shown.elapsed() >= PLAIN_INTERVAL) {
            self.shown = Some(Instant::now());
            output::message(text);
        }
    }

    /// Writes a line above the bar.
    pub(crate) fn message(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::message(text)),
            None => output::message(text),
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Minutes and seconds.
pub(crate) fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The time that the rest of `total` units takes, if those from `first` to `done` took `elapsed`. The first ones do not count: a
/// resumed run or download did them before, in an unknown time. `None` before there are others.
fn left(elapsed: Duration, first: u64, done: u64, total: u64) -> Option<Duration> {
    let since = done.checked_sub(first).filter(|since| *since > 0)?;
    let seconds = elapsed.as_secs_f64() / since as f64 * total.saturating_sub(done) as f64;
    Some(Duration::from_secs_f64(seconds.min(1e9)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remaining_time_does_not_count_what_was_done_before() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(0), 1, 1, 100), None, "nothing was timed yet");
        assert_eq!(left(seconds(10), 1, 11, 100), Some(seconds(89)));
        // A run that is resumed after step 900 of 1000 takes as long for a step.
        assert_eq!(left(seconds(0), 901, 901, 1000), None);
        assert_eq!(left(seconds(10), 901, 911, 1000), Some(seconds(89)));
        assert_eq!(left(seconds(10), 901, 1000, 1000), Some(seconds(0)));
    }
}
