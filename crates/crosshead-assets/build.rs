//! Compresses the files of `data/` for the binary.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use miniz_oxide::deflate::compress_to_vec_zlib;

/// zlib's default level: the highest one saves 1 % and takes four times as long.
const LEVEL: u8 = 6;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=data");
    let data = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("data");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let (mut count, mut table) = (0, String::new());
    for set in entries(&data)? {
        for file in entries(&set)? {
            let name = format!("{}/{}", file_name(&set), file_name(&file));
            if name.ends_with("/README.md") {
                continue;
            }
            let bytes = fs::read(&file)?;
            let packed = out.join(format!("{}.z", name.replace('/', "-")));
            fs::write(&packed, compress_to_vec_zlib(&bytes, LEVEL))?;
            let len = bytes.len();
            table += &format!("    File::new({name:?}, {len}, include_bytes!({packed:?})),\n");
            count += 1;
        }
    }
    let item = format!(
        "/// Every file of `data/` except the READMEs.\nstatic FILES: [File; {count}] = [\n{table}];\n"
    );
    Ok(fs::write(out.join("files.rs"), item)?)
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

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
