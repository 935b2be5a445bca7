//! What is in the cache, without a network.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cache::Repository;
use crate::{Hub, HubError, files};

/// The start of the name of a model's folder.
const PREFIX: &str = "models--";

/// A model in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedModel {
    /// `OWNER/NAME`, or `NAME` for some old models.
    pub id: String,
    /// Its directory: the branch `main`, or else one of its commits.
    pub directory: PathBuf,
}

impl Hub {
    /// The directory of a model in the cache. The network is not used.
    ///
    /// # Errors
    /// If the cache does not have all files of the revision.
    pub fn find_cached(&self, id: &str, revision: &str) -> Result<PathBuf, HubError> {
        files::check_names(id, revision)?;
        files::in_cache(id, revision, Repository::new(&self.cache, id).folder())
    }

    /// The complete models in the cache, sorted by id.
    ///
    /// # Errors
    /// If the cache cannot be read. A cache that does not exist is empty.
    pub fn cached(&self) -> Result<Vec<CachedModel>, HubError> {
        let mut models: Vec<CachedModel> = names(&self.cache)?
            .iter()
            .filter_map(|name| name.strip_prefix(PREFIX))
            .map(|name| name.replace("--", "/"))
            .filter_map(|id| Some(CachedModel { directory: self.any_revision(&id)?, id }))
            .collect();
        models.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(models)
    }

    /// Removes a model with all its revisions from the cache.
    ///
    /// # Errors
    /// If it is not in the cache, or cannot be removed.
    pub fn remove(&self, id: &str) -> Result<(), HubError> {
        files::check_names(id, "main")?;
        let repository = Repository::new(&self.cache, id);
        let folder = repository.folder();
        if !folder.is_dir() {
            return Err(HubError::NotCached { id: id.to_owned(), cache: folder.to_owned() });
        }
        fs::remove_dir_all(folder).map_err(HubError::io(folder))?;
        match fs::remove_dir_all(repository.locks()) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(HubError::io(repository.locks())(source))
            }
            Err(_) | Ok(()) => Ok(()),
        }
    }

    fn any_revision(&self, id: &str) -> Option<PathBuf> {
        let main = self.find_cached(id, "main").ok();
        main.or_else(|| {
            let snapshots = Repository::new(&self.cache, id).folder().join("snapshots");
            let commits = names(&snapshots).ok()?;
            commits.iter().find_map(|commit| self.find_cached(id, commit).ok())
        })
    }
}

/// The names in a folder, sorted; empty if it does not exist.
fn names(folder: &Path) -> Result<Vec<String>, HubError> {
    let entries = match fs::read_dir(folder) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(HubError::io(folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(HubError::io(folder))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(hub: &Hub, id: &str, commit: &str, reference: Option<&str>, names: &[&str]) {
        let repository = Repository::new(&hub.cache, id);
        let directory = repository.snapshot(commit);
        fs::create_dir_all(&directory).unwrap();
        names.iter().for_each(|name| fs::write(directory.join(name), "").unwrap());
        if let Some(reference) = reference {
            repository.write_reference(reference, commit).unwrap();
        }
    }

    #[test]
    fn complete_models_are_listed_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let hub = Hub::new(root.path().join("hub"));
        assert_eq!(hub.cached().unwrap(), []);
        let complete = ["config.json", "model.safetensors"];
        add(&hub, "owner/b", "1", Some("main"), &complete);
        add(&hub, "owner/b", "2", Some("next"), &complete);
        add(&hub, "owner/a", "3", None, &complete);
        add(&hub, "owner/partial", "4", Some("main"), &["config.json"]);
        fs::create_dir_all(hub.cache.join("datasets--owner--c")).unwrap();
        let found: Vec<(String, PathBuf)> =
            hub.cached().unwrap().into_iter().map(|model| (model.id, model.directory)).collect();
        let at = |id: &str, commit| Repository::new(&hub.cache, id).snapshot(commit);
        let expected = [("owner/a", at("owner/a", "3")), ("owner/b", at("owner/b", "1"))];
        assert_eq!(found, expected.map(|(id, directory)| (id.to_owned(), directory)));
        hub.remove("owner/b").unwrap();
        assert_eq!(hub.cached().unwrap().len(), 1);
        assert!(matches!(hub.remove("owner/b"), Err(HubError::NotCached { .. })));
        assert!(matches!(hub.remove("../owner"), Err(HubError::Name { .. })));
    }
}
