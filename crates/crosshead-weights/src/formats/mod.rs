//! The formats of weight files: their tensors, and where the values are.

mod index;
mod pickle;
mod safetensors;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::safetensors::Dtype;
use burn::tensor::{AllocationProperty, Bytes};
use crosshead_files::Placeholder;

use crate::{WeightsError, mapping};

/// The names of weight files, in order of precedence, and their layouts.
pub(crate) const FILES: [(&str, Layout); 4] = [
    ("model.safetensors", Layout::Single(safetensors::open)),
    ("model.safetensors.index.json", Layout::Shards(safetensors::open)),
    ("pytorch_model.bin", Layout::Single(pickle::open)),
    ("pytorch_model.bin.index.json", Layout::Shards(pickle::open)),
];

/// The tensors of a file by name.
pub(crate) type Listing = BTreeMap<String, Entry>;

/// Files, and their tensors with the index of the file.
pub(crate) type Shards = (Vec<PathBuf>, BTreeMap<String, (usize, Entry)>);

/// Lists the tensors of a file without reading their values.
type Open = fn(&Path) -> Result<Listing, WeightsError>;

/// Whether a file contains the weights or lists the files that do.
#[derive(Clone, Copy)]
pub(crate) enum Layout {
    /// The file contains the weights.
    Single(Open),
    /// The file is an index of shards.
    Shards(Open),
}

impl Layout {
    /// Lists the files and their tensors.
    pub(crate) fn open(self, path: &Path) -> Result<Shards, WeightsError> {
        match self {
            Self::Single(open) => {
                let tensors = open(path)?.into_iter().map(|(name, entry)| (name, (0, entry)));
                Ok((vec![path.to_owned()], tensors.collect()))
            }
            Self::Shards(open) => index::open_shards(path, open),
        }
    }
}

/// Lists the tensors of a `.safetensors` file in memory. Errors refer to it as `path`.
pub(crate) fn parse_safetensors(
    path: &Path,
    bytes: &bytes::Bytes,
) -> Result<Listing, WeightsError> {
    safetensors::parse(path, bytes)
}

/// Rejects a file that is empty, a Git LFS pointer or a web page.
fn check_file(path: &Path) -> Result<(), WeightsError> {
    match Placeholder::in_file(path).map_err(WeightsError::io(path))? {
        Some(found) => {
            Err(WeightsError::NotTheFile { path: path.to_owned(), found: found.message() })
        }
        None => Ok(()),
    }
}

/// A tensor in a file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) n_bytes: u64,
    values: Values,
}

/// The location of the values.
#[derive(Debug)]
enum Values {
    /// At an offset in the file.
    At(u64),
    /// In memory.
    Memory(bytes::Bytes),
    /// In a storage of a pickle.
    Pickled(pytorch_reader::Tensor),
}

impl Entry {
    /// The bytes of the values in the file at `path`.
    pub(crate) fn bytes(&self, path: &Path) -> Result<Bytes, WeightsError> {
        let bytes = match &self.values {
            Values::At(offset) => mapping::map(path, *offset, self.n_bytes),
            Values::Memory(bytes) => {
                Ok(Bytes::from_shared(bytes.clone(), AllocationProperty::Other))
            }
            Values::Pickled(tensor) => tensor.read().map(Bytes::from_bytes_vec),
        };
        bytes.map_err(WeightsError::io(path))
    }
}
