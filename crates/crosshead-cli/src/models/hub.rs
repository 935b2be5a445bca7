//! Models of the Hugging Face Hub, with progress.

use std::path::PathBuf;

use crosshead::hub::{FetchProgress, Hub};

use crate::output;
use crate::progress::Progress;

/// The branch of models.
const MAIN: &str = "main";

/// The directory of a model in the cache, which is fetched if it is not there. A cached model needs no network.
///
/// # Errors
/// If it cannot be fetched.
pub(super) fn find_or_fetch(id: &str) -> anyhow::Result<PathBuf> {
    let hub = Hub::from_env()?;
    match hub.find_cached(id, MAIN) {
        Ok(found) => return Ok(found),
        Err(error) if hub.offline => return Err(error.into()),
        Err(_) => {}
    }
    output::message(format_args!("fetching {id} from the Hugging Face Hub"));
    fetch(id, MAIN)
}

/// Fetches what the cache does not have of a model, and returns its directory.
///
/// # Errors
/// If the download fails.
pub(crate) fn fetch(id: &str, revision: &str) -> anyhow::Result<PathBuf> {
    let mut shown: Option<Progress> = None;
    let directory = Hub::from_env()?.fetch(id, revision, |progress| {
        let FetchProgress { file, done, total } = progress;
        shown.get_or_insert_with(|| Progress::of_bytes(total)).update(done, file);
    });
    if let Some(progress) = shown {
        progress.finish();
    }
    Ok(directory?)
}
