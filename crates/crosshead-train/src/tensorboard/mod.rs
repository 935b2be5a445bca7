//! Event files of TensorBoard.

mod messages;
mod records;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crosshead_files::write_atomic;
use prost::Message;

use crate::TrainError;
use messages::{Event, Summary, Value, What};
use records::{frame, records};

/// The version of the format, in the first record of a file.
const VERSION: &str = "brain.Event:2";

/// A named value of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The name; TensorBoard groups names by the text before `/`.
    pub tag: String,
    /// The value, which the file stores in 32 bits.
    pub value: f64,
}

/// The scalars of a run as a TensorBoard event file. `tensorboard --logdir` finds files whose name contains `tfevents`.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    file: File,
}

impl EventLog {
    /// Opens a file and removes the events of steps after `step`, so that a resumed run has one event per step. A record that
    /// is damaged or was truncated by a crash is removed with all that follow.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn open(path: &Path, step: u64) -> Result<Self, TrainError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(TrainError::io(path)(error)),
        };
        let is_kept = |data: &&[u8]| {
            Event::decode(*data)
                .is_ok_and(|event| u64::try_from(event.step).is_ok_and(|at| at <= step))
        };
        let mut kept: Vec<u8> =
            records(&bytes).into_iter().filter(is_kept).flat_map(frame).collect();
        if kept.is_empty() {
            kept = record(0, What::FileVersion(VERSION.to_owned()));
        }
        write_atomic(path, &kept).map_err(TrainError::io(path))?;
        let file = OpenOptions::new().append(true).open(path).map_err(TrainError::io(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends the scalars of a step.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&mut self, step: u64, scalars: Vec<Scalar>) -> Result<(), TrainError> {
        let value = |Scalar { tag, value }| Value { tag, simple_value: Some(value as f32) };
        let summary = Summary { value: scalars.into_iter().map(value).collect() };
        let record = record(step, What::Summary(summary));
        self.file.write_all(&record).map_err(TrainError::io(&self.path))
    }
}

/// An event of this moment as a record.
fn record(step: u64, what: What) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let event = Event { wall_time: now.as_secs_f64(), step: step as i64, what: Some(what) };
    frame(&event.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of a file with their scalars.
    fn scalars(bytes: &[u8]) -> Vec<(i64, Vec<Scalar>)> {
        let event = |data: &[u8]| {
            let event = Event::decode(data).unwrap();
            let Some(What::Summary(summary)) = event.what else { return None };
            let scalar = |value: Value| Scalar {
                tag: value.tag,
                value: f64::from(value.simple_value.unwrap()),
            };
            Some((event.step, summary.value.into_iter().map(scalar).collect()))
        };
        records(bytes).into_iter().filter_map(event).collect()
    }

    fn loss(value: f64) -> Vec<Scalar> {
        vec![Scalar { tag: "train/loss".to_owned(), value }]
    }

    /// The events that `fixtures/export_events.py` wrote with the `tensorboard` package.
    #[test]
    fn the_messages_are_those_of_tensorboard() {
        let events = include_bytes!("../../fixtures/events.tfevents");
        let version = Event::decode(records(events)[0]).unwrap();
        assert_eq!(version.what, Some(What::FileVersion(VERSION.to_owned())));
        let valid = vec![
            Scalar { tag: "valid/loss".to_owned(), value: 0.0 },
            Scalar { tag: "valid/bleu".to_owned(), value: -2.5 },
        ];
        let expected = vec![(1, loss(1.5)), (2, loss(0.75)), (2, valid)];
        assert_eq!(scalars(events), expected);
        for data in records(events) {
            assert_eq!(Event::decode(data).unwrap().encode_to_vec(), data);
        }
    }

    #[test]
    fn a_resumed_run_does_not_write_a_step_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.out.tfevents");
        let mut log = EventLog::open(&path, 0).unwrap();
        for step in 1..=3 {
            log.write(step, loss(step as f64)).unwrap();
        }
        drop(log);
        // A crash while the record of a step was written.
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend(&record(4, What::Summary(Summary::default()))[..10]);
        fs::write(&path, bytes).unwrap();
        let mut log = EventLog::open(&path, 2).unwrap();
        log.write(3, loss(9.0)).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(scalars(&bytes), [(1, loss(1.0)), (2, loss(2.0)), (3, loss(9.0))]);
        assert_eq!(records(&bytes).len(), 4);
    }
}
