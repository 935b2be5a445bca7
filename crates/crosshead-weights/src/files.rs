//! Text files as any editor saves them, and files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Reads a text file in UTF-8, without the byte order mark that some editors put at its start.
///
/// # Errors
/// What the operating system says, or that the file is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path)?;
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    if [b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| bytes.starts_with(*mark)) {
        return Err(wrong("this is UTF-16, convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("not valid UTF-8, save it as UTF-8"))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Writes a file under a temporary name beside its place, flushes it to the disk and renames it.
///
/// # Errors
/// What the operating system says; the file is then as it was before.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes))
}

/// [`write_atomic`] of what `fill` writes.
pub(crate) fn write_atomic_with(
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

/// Fills a folder under a temporary name beside its place and then puts it there, in place of what there was.
///
/// # Errors
/// The first error of `fill`, or what the operating system says; the folder is then as it was before.
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

/// Puts `new` in the place of `path`; what was there is removed once the new folder is in place.
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

fn temporary_name(path: &Path) -> io::Result<std::path::PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    Ok(path.with_file_name(format!(".{}.partial", name.to_string_lossy())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_text_and_utf_16_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        fs::write(&path, "\u{feff}{}\u{feff}").unwrap();
        assert_eq!(read_text(&path).unwrap(), "{}\u{feff}");
        fs::write(&path, b"\xff\xfe{\0}\0").unwrap();
        let message = read_text(&path).unwrap_err().to_string();
        assert!(message.contains("UTF-16"), "{message}");
    }

    #[test]
    fn a_failed_folder_leaves_the_old_one_as_it_was() {
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
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing half-written is left");
        write_directory(&path, fill("new")).unwrap();
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "new");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
