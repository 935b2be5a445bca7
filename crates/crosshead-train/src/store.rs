//! The checkpoints of a run: the last few are kept, so that a damaged one does not end it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crosshead_files::write_directory;

use crate::checkpoint::{read, write};
use crate::{Checkpoint, TrainError};

/// Checkpoints that are kept where nobody says how many.
const KEEP: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// The checkpoints of a run, in one folder named by step each.
#[derive(Debug)]
pub struct CheckpointStore {
    dir: PathBuf,
    keep: NonZeroUsize,
}

/// The newest checkpoint that is whole.
#[derive(Debug)]
pub struct Restored {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// What is wrong with each newer one, the newest first.
    pub damaged: Vec<TrainError>,
}

impl CheckpointStore {
    /// The checkpoints under `dir`, which need not exist yet. The last two are kept.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), keep: KEEP }
    }

    /// The same, which keeps so many of the last checkpoints.
    pub fn with_keep(self, keep: NonZeroUsize) -> Self {
        Self { keep, ..self }
    }

    /// The steps there is a checkpoint of, in ascending order.
    pub fn steps(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut steps: Vec<u64> =
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        steps.sort_unstable();
        steps
    }

    /// Writes a checkpoint whole or not at all. Once it is on the disk, the oldest are removed, and those of later steps, which
    /// a run that went on from an older checkpoint leaves behind.
    ///
    /// # Errors
    /// If a file cannot be written; other checkpoints are then left.
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

    /// Reads the newest checkpoint that is whole, if there is any checkpoint.
    ///
    /// # Errors
    /// If none is whole, with what is wrong with each; if one is of a later format; or if a file of one that may be whole cannot
    /// be read.
    pub fn load_latest(&self) -> Result<Option<Restored>, TrainError> {
        let mut damaged = Vec::new();
        for step in self.steps().into_iter().rev() {
            match read(&self.folder(step), step) {
                Ok(checkpoint) => return Ok(Some(Restored { checkpoint, damaged })),
                Err(error) if is_damage(&error) => damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        match damaged.is_empty() {
            true => Ok(None),
            false => Err(TrainError::NoWholeCheckpoint { dir: self.dir.clone(), damaged }),
        }
    }

    fn folder(&self, step: u64) -> PathBuf {
        self.dir.join(step.to_string())
    }
}

/// Whether an error of reading says that the checkpoint is damaged, and not that it cannot be read now.
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
        | TrainError::NoWholeCheckpoint { .. }
        | TrainError::OtherModel { .. }
        | TrainError::NotFinite { .. }
        | TrainError::NoExamples
        | TrainError::Observer(_) => false,
    }
}

/// Flushes the entries of a folder to the disk.
fn sync(dir: &Path) -> std::io::Result<()> {
    // Elsewhere a folder cannot be opened as a file.
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
