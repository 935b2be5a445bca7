//! The variables of a CTranslate2 model.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::formats::{Ct2Contents, ct2_contents, parse_ct2};
use crate::{Ct2Scalar, TensorSource, WeightsError};

/// A CTranslate2 `model.bin`: its specification, its tensors and the scalars that describe the model.
///
/// Opening reads only names, types and scalars. Tensors are read one at a time through [`tensors`](Self::tensors).
#[derive(Debug)]
pub struct Ct2Model {
    spec: String,
    revision: u32,
    version: u32,
    tensors: TensorSource,
    scalars: BTreeMap<String, Ct2Scalar>,
    aliases: BTreeMap<String, String>,
}

impl Ct2Model {
    /// Opens a `model.bin`.
    ///
    /// # Errors
    /// If the file cannot be read, is not a `model.bin` of binary version 2 to 6, or contradicts itself.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        Ok(Self::of(path.to_owned(), ct2_contents(path)?))
    }

    /// A `model.bin` in memory; `name` names it in errors.
    ///
    /// # Errors
    /// See [`open`](Self::open).
    pub fn from_bytes(
        name: impl Into<PathBuf>,
        bytes: impl Into<bytes::Bytes>,
    ) -> Result<Self, WeightsError> {
        let path = name.into();
        let contents = parse_ct2(&path, &bytes.into())?;
        Ok(Self::of(path, contents))
    }

    fn of(path: PathBuf, contents: Ct2Contents) -> Self {
        let Ct2Contents { spec, revision, version, tensors, scalars, aliases } = contents;
        let tensors = TensorSource::of_file(path, tensors);
        Self { spec, revision, version, tensors, scalars, aliases }
    }

    /// The name of the model specification, such as `TransformerSpec`.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// The revision of the specification.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The version of the file format.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The tensors, without aliases.
    pub fn tensors(&self) -> &TensorSource {
        &self.tensors
    }

    /// The scalars, sorted by name.
    pub fn scalars(&self) -> impl Iterator<Item = (&str, Ct2Scalar)> {
        self.scalars.iter().map(|(name, &value)| (name.as_str(), value))
    }

    /// The scalar with this name or alias.
    pub fn scalar(&self, name: &str) -> Option<Ct2Scalar> {
        self.scalars.get(self.resolve(name)).copied()
    }

    /// The text variable with this name, if there is one. Only files before binary version 6 have text variables.
    ///
    /// # Errors
    /// If the file can no longer be read, or the variable is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<String>, WeightsError> {
        let name = self.resolve(name);
        if self.tensors.dtype(name).is_none() {
            return Ok(None);
        }
        let bytes = self.tensors.bytes(name)?.to_vec();
        let not_text = |_| WeightsError::tensor(self.tensors.file(name), name, "is not UTF-8");
        String::from_utf8(bytes).map(Some).map_err(not_text)
    }

    /// Resolves an alias; other names are returned unchanged.
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    /// The aliases and the variables they refer to.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().map(|(alias, name)| (alias.as_str(), name.as_str()))
    }
}
