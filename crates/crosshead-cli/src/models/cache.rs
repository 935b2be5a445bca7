//! The cache of the program, with the embedded models.

use std::env;
use std::path::PathBuf;

use anyhow::Context;
use crosshead_assets::models::EmbeddedModel;

/// The folder with the unpacked models: `crosshead/models` in `$XDG_CACHE_HOME` or `~/.cache`.
///
/// # Errors
/// If there is no home directory.
pub(crate) fn directory() -> anyhow::Result<PathBuf> {
    let set = env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = set.or_else(|| Some(env::home_dir()?.join(".cache")));
    let caches =
        caches.context("there is no home directory; set XDG_CACHE_HOME to a folder for caches")?;
    Ok(caches.join("crosshead").join("models"))
}

/// The directory of an embedded model, which is unpacked if it is not there.
///
/// # Errors
/// If the cache cannot be written.
pub(super) fn unpack(model: &EmbeddedModel) -> anyhow::Result<PathBuf> {
    let cache = directory()?;
    model.unpack(&cache).with_context(|| {
        format!(
            "cannot unpack the model {} into {}; set XDG_CACHE_HOME to another folder",
            model.name(),
            cache.display()
        )
    })
}
