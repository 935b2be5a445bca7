//! The checkpoints of a run: the last few are kept as a fallback for a damaged one.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crosshead_files::write_directory;

use crate::checkpoint::{read, read_progress, write};
use crate::{Checkpoint, Progress, TrainError};

/// Default number of checkpoints kept.
const KEEP: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// The checkpoints of a run, each in a folder named by its step.
#[derive(Debug)]
pub struct CheckpointStore {
    dir: PathBuf,
    keep: NonZeroUsize,
}

/// The newest undamaged checkpoint.
#[derive(Debug)]
pub struct Restored {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The error for each newer, damaged checkpoint, newest first.
    pub damaged: Vec<TrainError>,
}

impl CheckpointStore {
    /// The checkpoints in `dir`, which may not exist yet.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), keep: KEEP }
    }

    /// Sets how many of the last checkpoints are kept. Default: 2.
    pub fn with_keep(self, keep: NonZeroUsize) -> Self {
        Self { keep, ..self }
    }

    /// The steps of the checkpoints, in ascending order.
    pub fn steps(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut steps: Vec<u64> =
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        steps.sort_unstable();
        steps
    }

    /// Writes a checkpoint atomically. Then removes the oldest checkpoints, as well as those of later steps, which are
    /// left over when a run was resumed from an older checkpoint.
    ///
    /// # Errors
    /// If a file cannot be written; in this case, no other checkpoint is removed.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        fs::create_dir_all(&self.dir).map_err(TrainError::io(&self.dir))?;
        let step = checkpoint.progress.step;
        let path = self.folder(step);
        write_directory(&path, |dir| write(dir, checkpoint))?;
        for dir in [&path, &self.dir] {
            sync(dir).map_err(TrainError::io(dir))?;
        }
        let (earlier, later): (Vec<u64>, Vec<u64>) =
            self.steps().into_iter().filter(|&at| at != step).partition(|&at| at < step);
        let excess = (earlier.len() + 1).saturating_sub(self.keep.get());
        for old in earlier.into_iter().take(excess).chain(later) {
            let path = self.folder(old);
            fs::remove_dir_all(&path).map_err(TrainError::io(&path))?;
        }
        Ok(())
    }

    /// Reads the newest undamaged checkpoint; `None` if there are no checkpoints.
    ///
    /// # Errors
    /// If all checkpoints are damaged, one has a later format, or a file cannot be read for a reason other than damage.
    pub fn load_latest(&self) -> Result<Option<Restored>, TrainError> {
        self.load_last_of(&self.steps())
    }

    /// Reads the newest undamaged checkpoint of fewer than `step` steps, or that of `step` steps if there is no earlier one;
    /// `None` if there are no such checkpoints.
    ///
    /// # Errors
    /// If all of them are damaged, one has a later format, or a file cannot be read for a reason other than damage.
    pub fn load_before(&self, step: u64) -> Result<Option<Restored>, TrainError> {
        let mut steps = self.steps();
        steps.retain(|&at| at <= step);
        if steps.last() == Some(&step) {
            steps.rotate_right(1);
        }
        self.load_last_of(&steps)
    }

    /// Reads the last undamaged one of these checkpoints.
    fn load_last_of(&self, steps: &[u64]) -> Result<Option<Restored>, TrainError> {
        let mut damaged = Vec::new();
        for &step in steps.iter().rev() {
            match read(&self.folder(step), step) {
                Ok(checkpoint) => return Ok(Some(Restored { checkpoint, damaged })),
                Err(error) if is_damage(&error) => damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        match damaged.is_empty() {
            true => Ok(None),
            false => Err(TrainError::AllDamaged { dir: self.dir.clone(), damaged }),
        }
    }

    /// The progress of each checkpoint that can be read, in ascending order of their steps.
    pub fn progress(&self) -> Vec<Progress> {
        let steps = self.steps().into_iter();
        steps.filter_map(|step| read_progress(&self.folder(step)).ok()).collect()
    }

    fn folder(&self, step: u64) -> PathBuf {
        self.dir.join(step.to_string())
    }
}

/// Whether a read error means that the checkpoint is damaged, rather than temporarily unreadable.
fn is_damage(error: &TrainError) -> bool {
    match error {
        TrainError::Io { source, .. } => matches!(
            source.kind(),
            ErrorKind::NotFound
                | ErrorKind::InvalidData
                | ErrorKind::UnexpectedEof
                | ErrorKind::IsADirectory
                | ErrorKind::NotADirectory
        ),
        TrainError::Checkpoint { .. } | TrainError::Tensors(_) => true,
        TrainError::NewerFormat { .. }
        | TrainError::AllDamaged { .. }
        | TrainError::OtherModel { .. }
        | TrainError::Diverged { .. }
        | TrainError::NoSnapshots
        | TrainError::NoExamples
        | TrainError::Observer(_) => false,
    }
}

/// Flushes a folder's entries to disk.
fn sync(dir: &Path) -> std::io::Result<()> {
    // Other systems cannot open a folder as a file.
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
