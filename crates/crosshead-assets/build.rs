//! Compresses the files of `data/` and of the models for the binary.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use miniz_oxide::deflate::compress_to_vec_zlib;
use sha2::{Digest, Sha256};

/// zlib's default level: the highest one saves 1 % and takes four times as long.
const LEVEL: u8 = 6;

/// The number of hexadecimal digits of a model's hash.
const HASH_DIGITS: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for folder in ["data", crosshead_assets_models::FOLDER] {
        println!("cargo::rerun-if-changed={folder}");
    }
    fs::write(out.join("files.rs"), data(&root.join("data"), &out)?)?;
    Ok(fs::write(out.join("models.rs"), models(Path::new(crosshead_assets_models::FOLDER), &out)?)?)
}

/// The static `FILES` with the files of the data sets.
fn data(folder: &Path, out: &Path) -> Result<String, Box<dyn Error>> {
    let (mut count, mut table) = (0, String::new());
    for set in entries(folder)? {
        for file in entries(&set)? {
            let name = format!("{}/{}", file_name(&set), file_name(&file));
            if name.ends_with("/README.md") {
                continue;
            }
            let packed = pack(&name, &name, &fs::read(&file)?, out)?;
            table += &format!("    File::new({packed}),\n");
            count += 1;
        }
    }
    Ok(format!(
        "/// Every file of `data/` except the READMEs.\nstatic FILES: [File; {count}] = [\n{table}];\n"
    ))
}

/// The static `MODELS` with the model directories.
fn models(folder: &Path, out: &Path) -> Result<String, Box<dyn Error>> {
    let (mut count, mut table) = (0, String::new());
    for model in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let name = file_name(&model);
        let (mut files, mut hash) = (String::new(), Sha256::new());
        for file in files_under(&model)? {
            let bytes = fs::read(&file)?;
            let inner: Vec<String> = file
                .strip_prefix(&model)?
                .iter()
                .map(|part| part.to_string_lossy().into_owned())
                .collect();
            let inner = inner.join("/");
            hash.update(format!("{inner}\n{}\n", bytes.len()));
            hash.update(&bytes);
            let packed = pack(&inner, &format!("models/{name}/{inner}"), &bytes, out)?;
            files += &format!("            {packed},\n");
        }
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = &hash[..HASH_DIGITS];
        table += &format!(
            "    EmbeddedModel {{\n        name: {name:?},\n        hash: {hash:?},\n        files: &[\n{files}        ],\n    }},\n"
        );
        count += 1;
    }
    Ok(format!(
        "/// Every folder of `crosshead-assets-models/models/`.\nstatic MODELS: [EmbeddedModel; {count}] = [\n{table}];\n"
    ))
}

/// Writes a packed file, and returns the expression for it. A file that compression does not shrink is left as it is.
fn pack(name: &str, path: &str, bytes: &[u8], out: &Path) -> Result<String, Box<dyn Error>> {
    let packed = compress_to_vec_zlib(bytes, LEVEL);
    let (content, kind) =
        if packed.len() < bytes.len() { (&packed[..], "Zlib") } else { (bytes, "Plain") };
    let file = out.join(format!("{}.z", path.replace('/', "-")));
    fs::write(&file, content)?;
    let len = bytes.len();
    Ok(format!("Packed::new({name:?}, {len}, Content::{kind}(include_bytes!({file:?})))"))
}

/// The contents of a folder, sorted by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// All files under a folder, sorted by path.
fn files_under(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() { files.extend(files_under(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
