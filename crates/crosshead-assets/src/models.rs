//! The embedded models: model directories, compressed in the binary and unpacked into a cache.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

#[allow(unused_imports, reason = "there may be no models")]
use crate::packed::{Content, Packed};

/// A folder of `crosshead-assets-models/models/`.
#[derive(Debug)]
pub struct EmbeddedModel {
    name: &'static str,
    hash: &'static str,
    files: &'static [Packed],
}

include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// All embedded models.
pub fn all() -> &'static [EmbeddedModel] {
    &MODELS
}

/// The embedded model with this name.
pub fn find(name: &str) -> Option<&'static EmbeddedModel> {
    MODELS.iter().find(|model| model.name == name)
}

impl EmbeddedModel {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its directory in a cache. The name has a hash of the content, so that versions have different directories.
    pub fn directory(&self, cache: &Path) -> PathBuf {
        cache.join(format!("{}-{}", self.name, self.hash))
    }

    /// Writes its directory to a cache, unless it is there, and returns its path.
    ///
    /// Other programs may do the same at the same time: the directory appears as a whole.
    ///
    /// # Errors
    /// If the cache cannot be read or written.
    pub fn unpack(&self, cache: &Path) -> io::Result<PathBuf> {
        let directory = self.directory(cache);
        if self.is_complete(&directory) {
            return Ok(directory);
        }
        fs::create_dir_all(cache)?;
        let partial = cache.join(format!(".{}-{}.{}", self.name, self.hash, process::id()));
        let moved = self.write(&partial).and_then(|()| self.move_to(&partial, &directory));
        if moved.is_err() {
            let _ = fs::remove_dir_all(&partial);
        }
        moved.map(|()| directory)
    }

    /// Whether a directory has all files, with their sizes.
    fn is_complete(&self, directory: &Path) -> bool {
        self.files.iter().all(|file| {
            let found = fs::metadata(directory.join(file.name()));
            found.is_ok_and(|found| found.is_file() && found.len() == file.len() as u64)
        })
    }

    fn write(&self, directory: &Path) -> io::Result<()> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory)?;
        for packed in self.files {
            let path = directory.join(packed.name());
            fs::create_dir_all(path.parent().unwrap_or(directory))?;
            let mut file = File::create(path)?;
            file.write_all(&packed.unpack())?;
            // After a crash, a file must not have the right size but other bytes.
            file.sync_all()?;
        }
        Ok(())
    }

    /// Renames the new directory. If another program was faster, its directory stays.
    fn move_to(&self, partial: &Path, directory: &Path) -> io::Result<()> {
        if fs::rename(partial, directory).is_ok() {
            return Ok(());
        }
        if self.is_complete(directory) {
            return fs::remove_dir_all(partial);
        }
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::rename(partial, directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &[u8] = b"{}";

    static MODEL: EmbeddedModel = EmbeddedModel {
        name: "tiny",
        hash: "0123456789ab",
        files: &[
            Packed::new("config.json", 2, Content::Plain(CONFIG)),
            // zlib's format: 1000 zeros.
            Packed::new(
                "1_Pooling/weights",
                1000,
                Content::Zlib(&[
                    0x78, 0x9c, 0x63, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x77, 0x00, 0x00,
                    0x03, 0xe8, 0x00, 0x01,
                ]),
            ),
        ],
    };

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_model_is_unpacked_once_into_a_directory_of_its_version() {
        let root = tempfile::tempdir().unwrap();
        let cache = root.path().join("not/there/yet");
        let directory = MODEL.unpack(&cache).unwrap();
        assert_eq!(directory, cache.join("tiny-0123456789ab"));
        assert_eq!(fs::read(directory.join("config.json")).unwrap(), CONFIG);
        assert_eq!(fs::read(directory.join("1_Pooling/weights")).unwrap(), [0; 1000]);
        assert_eq!(names(&cache), ["tiny-0123456789ab"], "nothing else is left");

        let written = |file: &str| fs::metadata(directory.join(file)).unwrap().modified().unwrap();
        let first = written("config.json");
        assert_eq!(MODEL.unpack(&cache).unwrap(), directory);
        assert_eq!(written("config.json"), first);
    }

    #[test]
    fn a_damaged_directory_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let directory = MODEL.unpack(root.path()).unwrap();
        fs::remove_file(directory.join("config.json")).unwrap();
        fs::write(directory.join("1_Pooling/weights"), [0; 999]).unwrap();
        assert_eq!(MODEL.unpack(root.path()).unwrap(), directory);
        assert_eq!(fs::read(directory.join("config.json")).unwrap(), CONFIG);
        assert_eq!(fs::read(directory.join("1_Pooling/weights")).unwrap().len(), 1000);
        assert_eq!(names(root.path()).len(), 1);
    }

    #[test]
    fn a_faster_program_wins() {
        let root = tempfile::tempdir().unwrap();
        let complete = MODEL.unpack(root.path()).unwrap();
        let partial = root.path().join(".other");
        MODEL.write(&partial).unwrap();
        MODEL.move_to(&partial, &complete).unwrap();
        assert!(!partial.exists() && MODEL.is_complete(&complete));
    }

    #[test]
    fn embedded_models_are_found_by_name_and_have_a_configuration() {
        let root = tempfile::tempdir().unwrap();
        for model in all() {
            assert_eq!(find(model.name()).map(EmbeddedModel::name), Some(model.name()));
            let directory = model.unpack(root.path()).unwrap();
            assert!(directory.join("config.json").is_file(), "{}", model.name());
        }
        assert!(find("no-model").is_none());
    }
}
