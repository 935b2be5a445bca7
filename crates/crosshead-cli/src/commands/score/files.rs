//! The files of references and system outputs.

use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use crosshead::data::{parse_segments, read_segments};
use crosshead::metrics::{References, trim_end};

use crate::args::Score;

/// The name of standard input.
const STANDARD_INPUT: &str = "standard input";

/// References and system outputs with the same number of segments.
pub(super) struct Corpus {
    pub(super) systems: Vec<System>,
    streams: Vec<Vec<String>>,
    skip_blank_references: bool,
}

/// The output of a system.
pub(super) struct System {
    pub(super) name: String,
    pub(super) segments: Vec<String>,
}

impl Corpus {
    pub(super) fn read(args: &Score) -> anyhow::Result<Self> {
        let references = args.reference.iter().map(|path| System::read(path));
        let references: Vec<System> = references.collect::<anyhow::Result<_>>()?;
        let mut systems: Vec<System> = Vec::new();
        for path in &args.systems {
            let system = System::read(path)?;
            if systems.iter().any(|other| other.name == system.name) {
                bail!("{} is given twice", system.name);
            }
            systems.push(system);
        }
        let first = &references[0];
        for other in references.iter().chain(&systems) {
            let [expected, found] = [first, other].map(|file| file.segments.len());
            if found != expected {
                bail!(
                    "{} has {expected} lines, but {} has {found}: each line of one must belong to \
                     the same line of the other",
                    first.name,
                    other.name
                );
            }
        }
        let streams = references.into_iter().map(|stream| stream.segments).collect();
        Ok(Self { systems, streams, skip_blank_references: args.skip_blank_references })
    }

    /// The files of references: as many references each as there are segments.
    pub(super) fn streams(&self) -> &[Vec<String>] {
        &self.streams
    }

    /// The references of each segment.
    pub(super) fn references(&self) -> anyhow::Result<References<'_>> {
        let segments = self.streams[0].len();
        Ok(if self.skip_blank_references {
            References::without_blank(&self.streams, segments)?
        } else {
            References::new(&self.streams, segments)?
        })
    }
}

impl System {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let is_input = path.as_os_str() == "-";
        let name = if is_input { STANDARD_INPUT.to_owned() } else { path.display().to_string() };
        let mut segments = if is_input {
            let mut text = Vec::new();
            io::stdin().lock().read_to_end(&mut text).context("cannot read standard input")?;
            parse_segments(STANDARD_INPUT, &text)?
        } else {
            read_segments(path)?
        };
        // As the command sacrebleu does; chrF can count white space.
        for segment in &mut segments {
            segment.truncate(trim_end(segment).len());
        }
        Ok(Self { name, segments })
    }
}
