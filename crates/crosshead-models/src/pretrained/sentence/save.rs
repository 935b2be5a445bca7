//! Writing directories of sentence-transformers.

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_files::write_atomic;
use crosshead_weights::{parameters, write_tensors};
use serde_json::{Value, json};

use super::{dense, pooling};
use crate::{ModelError, SentenceEncoder, SentenceStep};

/// The Python module of sentence-transformers whose classes `modules.json` names.
const MODELS: &str = "sentence_transformers.models";

impl SentenceEncoder {
    /// Writes a directory that this crate and sentence-transformers load: the encoder, `modules.json` and a folder for each
    /// module after the encoder. `max_len` is the maximum number of tokens of a text. `extra` adds files, such as a tokenizer.
    ///
    /// The directory is replaced atomically.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_pretrained<E: From<ModelError> + From<std::io::Error>>(
        &self,
        dir: &Path,
        max_len: usize,
        extra: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        self.encoder.save_pretrained(dir, |dir| {
            self.write_modules(dir, max_len)?;
            extra(dir)
        })
    }

    fn write_modules(&self, dir: &Path, max_len: usize) -> Result<(), ModelError> {
        let mut entries = vec![entry(0, "", "Transformer")];
        let mut add = |class: &str, config: Value| -> Result<PathBuf, ModelError> {
            let path = format!("{}_{class}", entries.len());
            let folder = dir.join(&path);
            fs::create_dir_all(&folder).map_err(ModelError::io(&folder))?;
            let file = folder.join("config.json");
            write(&file, &config)?;
            entries.push(entry(entries.len(), &path, class));
            Ok(folder)
        };
        let config = self.config();
        let d_model = self.encoder.config().stack.d_model;
        add("Pooling", pooling::to_json(&config.pooling, config.include_prompt, d_model))?;
        let mut projections = self.projections.iter();
        for step in &config.steps {
            match step {
                SentenceStep::Normalize => drop(add("Normalize", json!({}))?),
                SentenceStep::Project => {
                    let Some(projection) = projections.next() else {
                        unreachable!("new() checks that each step has a projection")
                    };
                    let folder = add("Dense", dense::to_json(projection.config()))?;
                    let tensors = parameters::read(projection);
                    write_tensors(&folder.join("model.safetensors"), &tensors)?;
                }
            }
        }
        write(&dir.join("modules.json"), &Value::Array(entries))?;
        let settings = json!({ "max_seq_length": max_len, "do_lower_case": false });
        write(&dir.join("sentence_bert_config.json"), &settings)
    }
}

/// An entry of `modules.json`.
fn entry(index: usize, path: &str, class: &str) -> Value {
    json!({ "idx": index, "name": index.to_string(), "path": path, "type": format!("{MODELS}.{class}") })
}

fn write(path: &Path, value: &Value) -> Result<(), ModelError> {
    write_atomic(path, format!("{value:#}\n").as_bytes()).map_err(ModelError::io(path))
}
