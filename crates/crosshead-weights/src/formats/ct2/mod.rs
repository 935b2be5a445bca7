//! CTranslate2's `model.bin`: a list of named variables and a list of aliases.
//!
//! Little-endian throughout. The file starts with the binary version (u32), the name of the model specification, its
//! revision (u32) and the number of variables (u32). A variable consists of its name, rank (u8), dimensions (u32 each),
//! type (u8), number of bytes (u32) and values; before version 4, the type and number of bytes are replaced by the item
//! size (u8) and the number of items (u32). A string consists of its length including a final zero byte (u16), its
//! UTF-8 bytes and the zero byte. From version 3 on, a list of aliases follows: their number (u32), then the alias and
//! the name of a variable for each.

mod reader;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::Path;

use burn::tensor::{bf16, f16};
use safetensors::Dtype;

use self::reader::Reader;
use super::{Entry, Listing, Values, check_file};
use crate::WeightsError;
use crate::ct2_scalar::Ct2Scalar;

/// The binary versions that are read. Version 1 has no specification.
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=6;

/// The maximum number of dimensions of a tensor.
const MAX_RANK: u8 = 8;

/// The suffix of the name of a tensor's scale.
const SCALE: &str = "_scale";

/// The contents of a file, without the values of tensors.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The model specification.
    pub(crate) spec: String,
    /// Its revision.
    pub(crate) revision: u32,
    /// The version of the file format.
    pub(crate) version: u32,
    /// Variables with at least one dimension.
    pub(crate) tensors: Listing,
    /// Variables without dimensions.
    pub(crate) scalars: BTreeMap<String, Ct2Scalar>,
    /// Aliases and the variables they refer to.
    pub(crate) aliases: BTreeMap<String, String>,
}

/// The tensors of a file.
pub(super) fn open(path: &Path) -> Result<Listing, WeightsError> {
    contents(path).map(|contents| contents.tensors)
}

/// Reads the contents of a file.
pub(crate) fn contents(path: &Path) -> Result<Contents, WeightsError> {
    check_file(path)?;
    let file = File::open(path).map_err(WeightsError::io(path))?;
    let len = file.metadata().map_err(WeightsError::io(path))?.len();
    read(Reader::new(BufReader::new(file), path, len), |offset, _| Values::At(offset))
}

/// Reads the contents of a file in memory; errors refer to it as `path`.
pub(crate) fn parse(path: &Path, bytes: &bytes::Bytes) -> Result<Contents, WeightsError> {
    let slice = |offset: u64, n_bytes: u64| {
        Values::Memory(bytes.slice(offset as usize..(offset + n_bytes) as usize))
    };
    read(Reader::new(Cursor::new(bytes), path, bytes.len() as u64), slice)
}

fn read<R: BufRead + Seek>(
    mut file: Reader<'_, R>,
    values: impl Fn(u64, u64) -> Values,
) -> Result<Contents, WeightsError> {
    let version = file.u32("the binary version")?;
    if !VERSIONS.contains(&version) {
        let (first, last) = (VERSIONS.start(), VERSIONS.end());
        let reason = format!("binary version {version}; versions {first} to {last} are supported");
        return Err(file.wrong(reason));
    }
    let spec = file.string("the name of the specification")?;
    let revision = file.u32("the revision of the specification")?;
    let (mut tensors, mut scalars) = (Listing::new(), BTreeMap::new());
    for number in 1..=file.u32("the number of variables")? {
        let name = file.string(&format!("the name of variable {number}"))?;
        let variable = variable(&mut file, version, &name)?;
        if tensors.contains_key(&name) || scalars.contains_key(&name) {
            return Err(file.wrong(format!("variable `{name}` occurs twice")));
        }
        let offset = file.offset();
        if variable.shape.is_empty() {
            let bytes = file.bytes(variable.n_bytes as usize, &quoted(&name))?;
            scalars.insert(name, scalar(variable.dtype, &bytes));
        } else {
            file.skip(variable.n_bytes, &quoted(&name))?;
            let Variable { dtype, shape, n_bytes } = variable;
            let values = values(offset, n_bytes);
            tensors.insert(name, Entry { dtype, shape, n_bytes, values, scale: None });
        }
    }
    let mut aliases = BTreeMap::new();
    if version >= 3 {
        for number in 1..=file.u32("the number of aliases")? {
            let alias = file.string(&format!("the name of alias {number}"))?;
            let target = file.string(&format!("the variable of alias `{alias}`"))?;
            let target = aliases.get(&target).cloned().unwrap_or(target);
            if !tensors.contains_key(&target) && !scalars.contains_key(&target) {
                let reason = format!("alias `{alias}` is of `{target}`, which is not in the file");
                return Err(file.wrong(reason));
            }
            aliases.insert(alias, target);
        }
    }
    match file.rest() {
        0 => {}
        n => return Err(file.wrong(format!("{n} bytes follow the last entry"))),
    }
    attach_scales(&mut tensors, &scalars, |reason| file.wrong(reason))?;
    Ok(Contents { spec, revision, version, tensors, scalars, aliases })
}

/// The header of a variable.
struct Variable {
    dtype: Dtype,
    shape: Vec<usize>,
    n_bytes: u64,
}

fn variable<R: BufRead + Seek>(
    file: &mut Reader<'_, R>,
    version: u32,
    name: &str,
) -> Result<Variable, WeightsError> {
    let what = quoted(name);
    let rank = file.u8(&what)?;
    if rank > MAX_RANK {
        return Err(file.wrong(format!("{what} has {rank} dimensions")));
    }
    let mut shape = Vec::with_capacity(rank.into());
    for _ in 0..rank {
        shape.push(file.u32(&what)? as usize);
    }
    let (code, dtype) = match (version, file.u8(&what)?) {
        (4.., code) => (code, dtype(code)),
        (_, size) => (size, dtype_of_size(size)),
    };
    let Some(dtype) = dtype else {
        return Err(file.wrong(format!("{what} has the unknown type {code}")));
    };
    let item = (dtype.bitsize() / 8) as u64;
    let count = u64::from(file.u32(&what)?);
    let n_bytes = if version >= 4 { count } else { count * item };
    let product = shape.iter().try_fold(item, |product, &size| product.checked_mul(size as u64));
    if product != Some(n_bytes) {
        let reason = format!("{what}: shape {shape:?} of {dtype} does not take {n_bytes} bytes");
        return Err(file.wrong(reason));
    }
    Ok(Variable { dtype, shape, n_bytes })
}

/// The dtype with this code.
fn dtype(code: u8) -> Option<Dtype> {
    let types = [Dtype::F32, Dtype::I8, Dtype::I16, Dtype::I32, Dtype::F16, Dtype::BF16];
    types.get(usize::from(code)).copied()
}

/// The dtype of items of this size, before version 4.
fn dtype_of_size(size: u8) -> Option<Dtype> {
    match size {
        1 => Some(Dtype::I8),
        2 => Some(Dtype::I16),
        4 => Some(Dtype::F32),
        _ => None,
    }
}

/// The value of a scalar. The number of bytes must match the type.
fn scalar(dtype: Dtype, bytes: &[u8]) -> Ct2Scalar {
    match (dtype, bytes) {
        (Dtype::I8, &[byte]) => Ct2Scalar::Integer(i64::from(byte as i8)),
        (Dtype::I16, &[a, b]) => Ct2Scalar::Integer(i64::from(i16::from_le_bytes([a, b]))),
        (Dtype::F16, &[a, b]) => Ct2Scalar::Float(f16::from_le_bytes([a, b]).to_f32()),
        (Dtype::BF16, &[a, b]) => Ct2Scalar::Float(bf16::from_le_bytes([a, b]).to_f32()),
        (Dtype::I32, &[a, b, c, d]) => {
            Ct2Scalar::Integer(i64::from(i32::from_le_bytes([a, b, c, d])))
        }
        (_, &[a, b, c, d]) => Ct2Scalar::Float(f32::from_le_bytes([a, b, c, d])),
        (_, bytes) => unreachable!("{} bytes of {dtype}", bytes.len()),
    }
}

/// Attaches scales to quantized tensors, and checks their shapes.
fn attach_scales(
    tensors: &mut Listing,
    scalars: &BTreeMap<String, Ct2Scalar>,
    wrong: impl Fn(String) -> WeightsError,
) -> Result<(), WeightsError> {
    let mut scales = Vec::new();
    for (name, entry) in tensors.iter() {
        if !matches!(entry.dtype, Dtype::I8 | Dtype::I16) {
            continue;
        }
        let scale = format!("{name}{SCALE}");
        let found = match (tensors.get(&scale), scalars.get(&scale)) {
            (Some(tensor), _) => {
                let rows = &entry.shape[..1];
                if tensor.dtype != Dtype::F32 || tensor.shape != rows {
                    let Entry { dtype, shape, .. } = tensor;
                    let reason =
                        format!("{} is {dtype} {shape:?}, not F32 {rows:?}", quoted(&scale));
                    return Err(wrong(reason));
                }
                super::Scale::Rows(tensor.values.clone())
            }
            (None, Some(Ct2Scalar::Float(value))) => super::Scale::One(*value),
            // A text, or a weight without a scale, which causes an error when it is read.
            (None, Some(Ct2Scalar::Integer(_)) | None) => continue,
        };
        scales.push((name.clone(), found));
    }
    for (name, scale) in scales {
        if let Some(entry) = tensors.get_mut(&name) {
            entry.scale = Some(scale);
        }
    }
    Ok(())
}

/// A variable's name in messages.
fn quoted(name: &str) -> String {
    format!("variable `{name}`")
}
