//! `crosshead embed`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};
use burn::tensor::TensorData;
use crosshead::weights::write_tensors;
use crosshead::{Embedder, Embedding, ModelTask, Prompt, Purpose};
use serde_json::json;

use super::lines::{Input, all, answer_each, warn_if_cut};
use super::quantize::compute_type;
use crate::args::{Compute, Embed, ModelArgs, Precision};
use crate::progress::Progress;
use crate::{device, models, output};

pub(crate) fn run(args: &Embed, compute: &Compute) -> anyhow::Result<()> {
    let format = args.out.as_deref().map(Format::of).transpose()?;
    let input = Input::of(&args.texts, args.file.as_deref())?;
    let embedder = open(&args.model, args.batch_size, &args.precision, compute)?;
    let prompt = match (&args.prompt, &args.prompt_name) {
        (Some(text), _) => Prompt::Text(text),
        (None, Some(name)) => Prompt::Named(name),
        (None, None) => Prompt::OfModel,
    };
    let Some((path, format)) = args.out.as_deref().zip(format) else {
        let answer =
            |texts: &[String], _| Ok(embedder.embed_with(texts, Purpose::Any, prompt, |_| {})?);
        return answer_each(input, answer, |number, text, embedding| {
            let Embedding { vector, truncated } = embedding;
            warn_if_cut(truncated, number, "text");
            output::line(json!({ "text": text, "embedding": vector }))
        });
    };
    let texts = all(input)?;
    let name = |index| ("text", index + 1);
    let vectors = embed(&embedder, &texts, name, Purpose::Any, prompt)?;
    format
        .write(path, &texts, vectors, embedder.dim())
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Loads an embedder.
pub(super) fn open(
    model: &ModelArgs,
    batch_size: u16,
    precision: &Precision,
    compute: &Compute,
) -> anyhow::Result<Embedder> {
    let device = device::open(compute.device)?;
    let found = models::find(model, ModelTask::Embedding)?;
    let compute_type = compute_type(&found, precision, &device)?;
    let embedder = Embedder::with_adapter(&found, model.adapter.as_deref(), &device)?;
    let embedder = embedder.with_compute_type(compute_type);
    Ok(embedder.with_batch_size(batch_size.into()))
}

/// Computes the embeddings of texts and shows progress. `name` returns what the truncation warning calls the text with
/// this index (such as "text") and its number.
pub(super) fn embed(
    embedder: &Embedder,
    texts: &[String],
    name: impl Fn(usize) -> (&'static str, usize),
    purpose: Purpose,
    prompt: Prompt<'_>,
) -> anyhow::Result<Vec<Vec<f32>>> {
    let mut progress = Progress::new(texts.len() as u64);
    let embeddings =
        embedder.embed_with(texts, purpose, prompt, |done| progress.update(done as u64, ""))?;
    progress.finish();
    for (index, embedding) in embeddings.iter().enumerate() {
        let (what, number) = name(index);
        warn_if_cut(embedding.truncated, number, what);
    }
    Ok(embeddings.into_iter().map(|embedding| embedding.vector).collect())
}

/// The file format of embeddings.
#[derive(Clone, Copy)]
enum Format {
    /// One JSON object per line.
    JsonLines,
    /// NumPy's format: a matrix with one row per text.
    Npy,
    /// safetensors, with the embeddings in a matrix named `embeddings`.
    Safetensors,
}

impl Format {
    /// The format for a file name, from its extension.
    fn of(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl") => Ok(Self::JsonLines),
            Some("npy") => Ok(Self::Npy),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => bail!("{}: the name must end in .jsonl, .npy or .safetensors", path.display()),
        }
    }

    fn write(
        self,
        path: &Path,
        texts: &[String],
        vectors: Vec<Vec<f32>>,
        dim: usize,
    ) -> anyhow::Result<()> {
        if matches!(self, Self::Safetensors) {
            let matrix = TensorData::new(vectors.concat(), [vectors.len(), dim]);
            return Ok(write_tensors(path, &BTreeMap::from([("embeddings".to_owned(), matrix)]))?);
        }
        let mut file = BufWriter::new(File::create(path)?);
        if matches!(self, Self::Npy) {
            file.write_all(&npy_header(vectors.len(), dim))?;
            for value in vectors.iter().flatten() {
                file.write_all(&value.to_le_bytes())?;
            }
        } else {
            for (text, vector) in texts.iter().zip(&vectors) {
                writeln!(file, "{}", json!({ "text": text, "embedding": vector }))?;
            }
        }
        Ok(file.flush()?)
    }
}

/// The header of an f32 matrix in version 1.0 of NumPy's format; its length is a multiple of 64.
fn npy_header(rows: usize, columns: usize) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    let mut dict =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let unpadded = MAGIC.len() + 2 + dict.len() + 1;
    dict.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    dict.push('\n');
    [MAGIC, &(dict.len() as u16).to_le_bytes(), dict.as_bytes()].concat()
}
