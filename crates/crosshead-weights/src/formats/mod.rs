//! The formats of weight files: what tensors a file has, and where their values are.

mod index;
mod pickle;
mod safetensors;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::safetensors::Dtype;
use burn::tensor::{AllocationProperty, Bytes};

use crate::{WeightsError, mapping};

/// The names under which weights are looked for, in this order, and how the file is read.
pub(crate) const FILES: [(&str, Layout); 4] = [
    ("model.safetensors", Layout::Whole(safetensors::open)),
    ("model.safetensors.index.json", Layout::Shards(safetensors::open)),
    ("pytorch_model.bin", Layout::Whole(pickle::open)),
    ("pytorch_model.bin.index.json", Layout::Shards(pickle::open)),
];

/// The tensors of a file by name.
pub(crate) type Listing = BTreeMap<String, Entry>;

/// Files, and the tensors in them with the number of the file they are in.
pub(crate) type Shards = (Vec<PathBuf>, BTreeMap<String, (usize, Entry)>);

/// Lists the tensors of a file and reads none of their values.
type Open = fn(&Path) -> Result<Listing, WeightsError>;

/// Whether a file holds the weights or names the files that do.
#[derive(Clone, Copy)]
pub(crate) enum Layout {
    /// The file holds the weights.
    Whole(Open),
    /// The file is an index of shards.
    Shards(Open),
}

impl Layout {
    /// The files and their tensors.
    pub(crate) fn open(self, path: &Path) -> Result<Shards, WeightsError> {
        match self {
            Self::Whole(open) => {
                let tensors = open(path)?.into_iter().map(|(name, entry)| (name, (0, entry)));
                Ok((vec![path.to_owned()], tensors.collect()))
            }
            Self::Shards(open) => index::open_shards(path, open),
        }
    }
}

/// The tensors of a `.safetensors` file in memory; `path` names it in errors.
pub(crate) fn parse_safetensors(
    path: &Path,
    bytes: &bytes::Bytes,
) -> Result<Listing, WeightsError> {
    safetensors::parse(path, bytes)
}

/// A tensor of a file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) n_bytes: u64,
    values: Values,
}

/// Where the values are.
#[derive(Debug)]
enum Values {
    /// At an offset of the file.
    At(u64),
    /// In memory.
    Memory(bytes::Bytes),
    /// Where a pickle says.
    Pickled(pytorch_reader::Tensor),
}

impl Entry {
    /// The bytes of the values; `path` is the file that has them.
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
