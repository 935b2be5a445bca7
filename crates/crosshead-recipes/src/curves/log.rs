//! The values in the `log.jsonl` of a run.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use crosshead_files::read_text;
use serde_json::{Map, Value};

use crate::RunError;

/// The name of the log in a run directory.
pub(super) const LOG: &str = "log.jsonl";

/// Maximum number of points of a drawn curve; a longer one is drawn as means of adjacent points.
const POINTS: usize = 1000;

/// The name of the losses of training steps.
pub(super) const LOSS: &str = "loss";

/// The name of the validation losses.
pub(super) const VALID_LOSS: &str = "valid_loss";

/// The name of the learning rates.
pub(super) const LEARNING_RATE: &str = "learning_rate";

/// A curve: steps and values.
pub(super) type Points = Vec<(f64, f64)>;

/// The values of a run that can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCurves {
    pub(super) name: String,
    curves: BTreeMap<String, Points>,
}

impl RunCurves {
    /// Reads the log of a run. `path` is the run directory or its `log.jsonl`; `name` is the label of the curves.
    ///
    /// # Errors
    /// If there is no log, it cannot be read, a line is not one of a log, or it has no step.
    pub fn read(path: &Path, name: String) -> Result<Self, RunError> {
        let path = if path.is_dir() { path.join(LOG) } else { path.to_owned() };
        let text = read_text(&path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => RunError::NoLog { path: path.clone() },
            _ => RunError::io(&path)(source),
        })?;
        let mut curves: BTreeMap<String, Points> = BTreeMap::new();
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in (1..).zip(&lines) {
            let entry = match serde_json::from_str::<Map<String, Value>>(line) {
                Ok(entry) if entry.get("step").is_some_and(Value::is_u64) => entry,
                // A crash while the last line was written; resuming removes it.
                Err(_) if number == lines.len() && !text.ends_with('\n') => continue,
                Ok(_) => return Err(malformed(&path, number, "no `step`".to_owned())),
                Err(error) => return Err(malformed(&path, number, error.to_string())),
            };
            let step = entry["step"].as_f64().unwrap_or_default();
            for (key, value) in &entry {
                let is_drawn =
                    [LOSS, LEARNING_RATE].contains(&key.as_str()) || key.starts_with("valid_");
                if let Some(value) = value.as_f64().filter(|value| is_drawn && value.is_finite()) {
                    curves.entry(key.clone()).or_default().push((step, value));
                }
            }
        }
        if curves.is_empty() {
            let reason = "it has no steps yet".to_owned();
            return Err(RunError::DataFile { file: path.display().to_string(), reason });
        }
        Ok(Self { name, curves })
    }

    /// The names of the validation metrics other than the loss.
    pub(super) fn metrics(&self) -> impl Iterator<Item = &str> {
        let names = self.curves.keys().map(String::as_str);
        names.filter(|name| name.starts_with("valid_") && *name != VALID_LOSS)
    }

    /// The points of a curve, at most [`POINTS`]; empty if the run does not have it.
    pub(super) fn points(&self, name: &str) -> Points {
        let points = self.curves.get(name).map_or(&[][..], Vec::as_slice);
        let mean = |points: &[(f64, f64)]| {
            let n = points.len() as f64;
            let (steps, values) = points
                .iter()
                .fold((0.0, 0.0), |(steps, values), (step, value)| (steps + step, values + value));
            (steps / n, values / n)
        };
        points.chunks(points.len().div_ceil(POINTS).max(1)).map(mean).collect()
    }
}

fn malformed(path: &Path, line: usize, reason: String) -> RunError {
    let reason = format!("line {line}: not a line of a run's log: {reason}");
    RunError::DataFile { file: path.display().to_string(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RunCurves, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LOG), text).unwrap();
        RunCurves::read(folder.path(), "a".to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_log_has_curves_of_training_and_validation() {
        let log = "{\"step\":1,\"epoch\":1,\"loss\":3.5,\"learning_rate\":0.1,\"seconds\":1.0}\n\
                   {\"step\":1,\"valid_loss\":3.0,\"valid_bleu\":1.25}\n{\"step\":2,\"loss\":2.5}\n{\"step\":3,\"lo";
        let curves = read(log).unwrap();
        assert_eq!(curves.points(LOSS), [(1.0, 3.5), (2.0, 2.5)]);
        assert_eq!(curves.points(VALID_LOSS), [(1.0, 3.0)]);
        assert_eq!(curves.points(LEARNING_RATE), [(1.0, 0.1)]);
        assert_eq!(curves.metrics().collect::<Vec<_>>(), ["valid_bleu"]);
        assert_eq!(curves.points("seconds"), []);
    }

    #[test]
    fn a_long_curve_is_drawn_as_means() {
        let log: String =
            (1..=2500).map(|step| format!("{{\"step\":{step},\"loss\":{step}}}\n")).collect();
        let points = read(&log).unwrap().points(LOSS);
        assert_eq!(points.len(), 834);
        assert_eq!(points[..2], [(2.0, 2.0), (5.0, 5.0)]);
        assert_eq!(points[833], (2500.0, 2500.0));
    }

    #[test]
    fn errors_name_the_line() {
        assert!(read("{\"step\":1,\"loss\":1}\nx\n").unwrap_err().contains("line 2"));
        assert!(
            read("{\"loss\":1}\n")
                .unwrap_err()
                .contains("line 1: not a line of a run's log: no `step`")
        );
        assert!(read("").unwrap_err().contains("no steps"));
    }
}
