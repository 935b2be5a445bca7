//! Atomic writes of files and directories.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a file atomically: under a temporary name in the same directory, flushed to disk and renamed.
///
/// # Errors
/// If the file cannot be written, in which case an existing file is unchanged.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes))
}

/// Like [`write_atomic`], with content written by `fill`.
///
/// # Errors
/// If `fill` fails or the file cannot be written, in which case an existing file is unchanged.
pub fn write_atomic_with(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = temporary_name(path)?;
    let written = write_synced(&temporary, fill).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes a directory atomically: `fill` writes it under a temporary name, and it is then renamed, replacing any
/// existing directory.
///
/// # Errors
/// If `fill` fails or the directory cannot be written, in which case an existing directory is unchanged.
pub fn write_directory<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let temporary = temporary_name(path)?;
    if temporary.exists() {
        fs::remove_dir_all(&temporary)?;
    }
    fs::create_dir_all(&temporary)?;
    let written = fill(&temporary).and_then(|()| Ok(replace_directory(&temporary, path)?));
    if written.is_err() {
        let _ = fs::remove_dir_all(&temporary);
    }
    written
}

/// Renames `new` to `path`. An existing directory is removed after the rename.
fn replace_directory(new: &Path, path: &Path) -> io::Result<()> {
    if !path.exists() {
        return fs::rename(new, path);
    }
    let old = path.with_extension("old");
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    fs::rename(path, &old)?;
    fs::rename(new, path)?;
    fs::remove_dir_all(&old)
}

fn write_synced(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    fill(&mut file)?;
    file.into_inner()?.sync_all()
}

fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    Ok(path.with_file_name(format!(".{}.partial", name.to_string_lossy())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_directory_unchanged() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("model");
        let fill =
            |text: &'static str| move |dir: &Path| write_atomic(&dir.join("a"), text.as_bytes());
        write_directory(&path, fill("old")).unwrap();
        let failed: io::Result<()> = write_directory(&path, |dir| {
            fill("new")(dir)?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "old");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "no partial files are left");
        write_directory(&path, fill("new")).unwrap();
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "new");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
