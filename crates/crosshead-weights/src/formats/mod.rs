//! The formats of weight files: their tensors, and where the values are stored.

mod ct2;
mod index;
mod pickle;
mod safetensors;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::safetensors::Dtype;
use burn::tensor::{AllocationProperty, Bytes};
use crosshead_files::Placeholder;

use crate::{WeightsError, mapping, values};

pub(crate) use ct2::{Contents as Ct2Contents, contents as ct2_contents, parse as parse_ct2};

/// The names of weight files, in order of precedence, and their layouts.
pub(crate) const FILES: [(&str, Layout); 5] = [
    ("model.safetensors", Layout::Single(safetensors::open)),
    ("model.safetensors.index.json", Layout::Shards(safetensors::open)),
    ("pytorch_model.bin", Layout::Single(pickle::open)),
    ("pytorch_model.bin.index.json", Layout::Shards(pickle::open)),
    ("model.bin", Layout::Single(ct2::open)),
];

/// The names of the weight files of adapters, in order of precedence, and their layouts.
pub(crate) const ADAPTER_FILES: [(&str, Layout); 2] = [
    ("adapter_model.safetensors", Layout::Single(safetensors::open)),
    ("adapter_model.bin", Layout::Single(pickle::open)),
];

/// The metadata key with the version of the layout of int8 matrices.
pub(crate) const LAYOUT_KEY: &str = "crosshead.int8";

/// The supported version of the layout.
pub(crate) const LAYOUT_VERSION: &str = "1";

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
    /// The scale of a quantized tensor.
    scale: Option<Scale>,
}

/// The scale of a quantized tensor, by which its values were multiplied.
#[derive(Debug)]
enum Scale {
    /// One number for the whole tensor.
    One(f32),
    /// An f32 for each row.
    Rows(Values),
}

/// The location of the values.
#[derive(Clone, Debug)]
enum Values {
    /// At an offset in the file.
    At(u64),
    /// In memory.
    Memory(bytes::Bytes),
    /// In a storage of a pickle.
    Pickled(pytorch_reader::Tensor),
}

impl Values {
    /// The `n` bytes in the file at `path`.
    fn bytes(&self, path: &Path, n: u64) -> Result<Bytes, WeightsError> {
        let bytes = match self {
            Self::At(offset) => mapping::map(path, *offset, n),
            Self::Memory(bytes) => Ok(Bytes::from_shared(bytes.clone(), AllocationProperty::Other)),
            Self::Pickled(tensor) => tensor.read().map(Bytes::from_bytes_vec),
        };
        bytes.map_err(WeightsError::io(path))
    }
}

impl Entry {
    /// The bytes of the values in the file at `path`.
    pub(crate) fn bytes(&self, path: &Path) -> Result<Bytes, WeightsError> {
        self.values.bytes(path, self.n_bytes)
    }

    /// Whether the file stores the scales with the tensor.
    pub(crate) fn has_scales(&self) -> bool {
        self.scale.is_some()
    }

    /// The scales of a quantized tensor, one or one for each row; `None` if it is not quantized.
    pub(crate) fn scales(&self, path: &Path) -> Result<Option<Vec<f32>>, WeightsError> {
        match &self.scale {
            None => Ok(None),
            Some(Scale::One(scale)) => Ok(Some(vec![*scale])),
            Some(Scale::Rows(values)) => {
                let rows = self.shape.first().copied().unwrap_or(0);
                let bytes = values.bytes(path, 4 * rows as u64)?;
                Ok(Some(values::decode(&bytes, f32::from_le_bytes)))
            }
        }
    }
}
