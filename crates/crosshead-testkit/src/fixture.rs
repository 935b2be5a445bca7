//! Reference tensors written by another program, such as PyTorch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors};

/// The tensors of a safetensors file, for example one written by a PyTorch script.
///
/// A fixture is part of a test, so every error panics and names the file and the tensor.
#[derive(Debug)]
pub struct Fixture {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Fixture {
    /// Reads a file.
    ///
    /// # Panics
    /// If the file cannot be read or is not in safetensors format.
    pub fn open(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = SafeTensors::deserialize(&bytes)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let entry = |(name, view): (&str, safetensors::tensor::TensorView<'_>)| {
            let (shape, bytes) = (view.shape().to_vec(), view.data().to_vec());
            (name.to_owned(), Entry { dtype: view.dtype(), shape, bytes })
        };
        let entries = file.iter().map(entry).collect();
        Self { path, entries }
    }

    /// The names that start with `prefix`, sorted.
    pub fn names(&self, prefix: &str) -> Vec<&str> {
        self.entries.keys().filter(|name| name.starts_with(prefix)).map(String::as_str).collect()
    }

    /// Whether the file contains the tensor `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The shape of a tensor.
    ///
    /// # Panics
    /// If there is no such tensor.
    pub fn shape(&self, name: &str) -> &[usize] {
        &self.entry(name).shape
    }

    /// A tensor of floats.
    ///
    /// # Panics
    /// If there is no such tensor, or it has a different rank or type.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let shape = self.shape(name);
        assert!(
            shape.len() == D,
            "{}: tensor `{name}` has shape {shape:?}, not {D} dimensions",
            self.path.display()
        );
        Tensor::from_data(TensorData::new(self.floats(name), shape.to_vec()), device)
    }

    /// The elements of a tensor of floats, row-major.
    ///
    /// # Panics
    /// If there is no such tensor, or it has a different type.
    pub fn floats(&self, name: &str) -> Vec<f32> {
        let entry = self.entry(name);
        match entry.dtype {
            Dtype::F32 => elements(&entry.bytes, f32::from_le_bytes).collect(),
            Dtype::F64 => elements(&entry.bytes, f64::from_le_bytes).map(|x| x as f32).collect(),
            other => self.wrong_type(name, other, "floats"),
        }
    }

    /// The elements of a tensor of integers or booleans, row-major.
    ///
    /// # Panics
    /// If there is no such tensor, or it has a different type.
    pub fn ints(&self, name: &str) -> Vec<i64> {
        let entry = self.entry(name);
        match entry.dtype {
            Dtype::I64 => elements(&entry.bytes, i64::from_le_bytes).collect(),
            Dtype::I32 => elements(&entry.bytes, i32::from_le_bytes).map(i64::from).collect(),
            Dtype::U8 | Dtype::BOOL => entry.bytes.iter().copied().map(i64::from).collect(),
            other => self.wrong_type(name, other, "integers"),
        }
    }

    fn entry(&self, name: &str) -> &Entry {
        self.entries
            .get(name)
            .unwrap_or_else(|| panic!("{}: there is no tensor `{name}`", self.path.display()))
    }

    fn wrong_type(&self, name: &str, dtype: Dtype, wanted: &str) -> ! {
        panic!("{}: tensor `{name}` holds {dtype:?}, not {wanted}", self.path.display())
    }
}

fn elements<'a, const N: usize, T>(
    bytes: &'a [u8],
    from_le_bytes: impl Fn([u8; N]) -> T + 'a,
) -> impl Iterator<Item = T> + 'a {
    bytes.as_chunks::<N>().0.iter().map(move |&chunk| from_le_bytes(chunk))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use safetensors::tensor::TensorView;

    /// A file in the temporary folder, removed when dropped.
    pub(crate) struct TemporaryFile(PathBuf);

    impl TemporaryFile {
        pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
            let name = format!("crosshead-testkit-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::write(&path, bytes).unwrap();
            Self(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for TemporaryFile {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn fixture(name: &str) -> (TemporaryFile, Fixture) {
        let floats = floats(&[1.5, -2.0]);
        let doubles: Vec<u8> = [0.25_f64].iter().flat_map(|x| x.to_le_bytes()).collect();
        let ids: Vec<u8> = [7_i32, -1].iter().flat_map(|x| x.to_le_bytes()).collect();
        let view = |dtype, shape: &[usize], bytes| TensorView::new(dtype, shape.to_vec(), bytes);
        let views = [
            ("layer/input/x", view(Dtype::F32, &[1, 2], &floats).unwrap()),
            ("layer/output/y", view(Dtype::F64, &[1], &doubles).unwrap()),
            ("mask", view(Dtype::BOOL, &[2], &[1, 0]).unwrap()),
            ("tokens", view(Dtype::I32, &[2], &ids).unwrap()),
        ];
        let file = TemporaryFile::new(name, &safetensors::serialize(views, None).unwrap());
        let fixture = Fixture::open(file.path());
        (file, fixture)
    }

    #[test]
    fn floats_integers_and_booleans_are_read() {
        let (_file, fixture) = fixture("read");
        let device = Device::flex();
        assert_eq!(
            fixture.tensor::<2>("layer/input/x", &device).into_data(),
            TensorData::from([[1.5_f32, -2.0]])
        );
        assert_eq!(
            fixture.tensor::<1>("layer/output/y", &device).into_data(),
            TensorData::from([0.25_f32])
        );
        assert_eq!(fixture.ints("tokens"), [7, -1]);
        assert_eq!(fixture.ints("mask"), [1, 0]);
        assert_eq!(fixture.names("layer/"), ["layer/input/x", "layer/output/y"]);
        assert_eq!(fixture.shape("layer/input/x"), [1, 2]);
        assert!(fixture.contains("mask") && !fixture.contains("layer"));
    }

    #[test]
    #[should_panic(expected = "there is no tensor `layer/input/z`")]
    fn a_missing_tensor_is_reported() {
        fixture("missing").1.tensor::<1>("layer/input/z", &Device::flex());
    }

    #[test]
    #[should_panic(expected = "tensor `layer/input/x` has shape [1, 2], not 1 dimensions")]
    fn a_wrong_rank_is_an_error() {
        fixture("rank").1.tensor::<1>("layer/input/x", &Device::flex());
    }

    #[test]
    #[should_panic(expected = "tensor `tokens` holds I32, not floats")]
    fn a_wrong_type_is_an_error() {
        fixture("type").1.tensor::<1>("tokens", &Device::flex());
    }

    #[test]
    #[should_panic(expected = "no-such-file.safetensors: ")]
    fn a_missing_file_is_reported() {
        Fixture::open("no-such-file.safetensors");
    }

    #[test]
    #[should_panic(expected = "other-format: ")]
    fn a_file_in_a_different_format_is_reported() {
        let file = TemporaryFile::new("other-format", b"not safetensors");
        Fixture::open(file.path());
    }
}
