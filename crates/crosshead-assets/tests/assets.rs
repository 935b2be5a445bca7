//! The embedded files equal the files in the folders, byte for byte.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crosshead_assets::{data, licenses, models, recipes};
use sha2::{Digest, Sha256};

/// The SHA-256 of every text, computed with `sha256sum` before the texts were embedded compressed. Recorded results and
/// tests of bitwise equality depend on them.
const TEXTS: [(&str, &str); 12] = [
    ("language-model/test.txt", "3f225ea27a39eea6ffa7e1ae6f9dba56634d3c4d2d74b28f9d3f65a67d995bc4"),
    (
        "language-model/train.txt",
        "95282d5489de534af8ab12af987142dee5eb17feb09880ae33902ac66ce81faa",
    ),
    (
        "language-model/valid.txt",
        "b2cb83392a9c449cde1fbeeef31244a590870f87e9e13aeb1839cf79d8ea94d0",
    ),
    ("sentiment/test.tsv", "58898584eb6a7fd1ed76526e0272efe43c403f55eef9a7f6b8e7b59fd567f35e"),
    ("sentiment/train.tsv", "977e16a7938940f0f82d493c46f4fbf6b39682b93fd1f421da515b46966a5051"),
    ("sentiment/valid.tsv", "0d4abcf0c51387788724470a87b4585f992f74cf18cf54995e2f86696bf35b20"),
    ("summarize/test.tsv", "92db9005288befe30f218e1f0fe20b55149359ee3979a6b34ab274aa7245f372"),
    ("summarize/train.tsv", "c50f8d055d2d3603d9876d1e1c94d118d7c38011707c4470be57fa60fe3e0d10"),
    ("summarize/valid.tsv", "f57779d5e99e2429b346157659794ccab6695907511f507f2c5789de8dc4875a"),
    (
        "translate-en-de/test.tsv",
        "4e047d8fe71458d5b65ee59891b10d72ba2fd2308b680998ecac5f2578b9b15b",
    ),
    (
        "translate-en-de/train.tsv",
        "47c1d368ee32cc8a82a3a3c83cdf6b04052837f7c14c756ff1dc7142cbabfe75",
    ),
    (
        "translate-en-de/valid.tsv",
        "aae6f1b14a32368ada487b2d073ae07d49b143e02818e5d3e4fd06251a502562",
    ),
];

#[test]
fn texts_unpack_to_the_recorded_bytes() {
    for (name, expected) in TEXTS {
        let bytes = data::find(name).unwrap_or_else(|| panic!("{name} is not embedded"));
        let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sum, expected, "{name}");
    }
    assert!(data::find("translate-en-de/none.tsv").is_none());
}

/// The files of a folder of this package, as paths from that folder.
fn files(folder: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = BTreeSet::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(&root).unwrap();
                found.insert(path.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found
}

#[test]
fn every_file_is_embedded_but_the_readmes() {
    let mut expected = files("data");
    expected.retain(|name| !name.ends_with("README.md"));
    assert_eq!(data::names().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    for name in expected {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(&name);
        assert!(data::find(&name) == Some(&fs::read(file).unwrap()), "{name}");
    }
}

#[test]
fn every_recipe_is_embedded_with_a_summary_and_its_data() {
    let names = recipes::RECIPES.iter().map(|recipe| format!("{}.toml", recipe.name));
    assert_eq!(names.collect::<BTreeSet<_>>(), files("recipes"));
    for recipe in &recipes::RECIPES {
        assert!(recipe.text.starts_with("# ") && recipe.summary().len() > 10, "{}", recipe.name);
        for name in recipe.text.split('"').filter_map(|text| text.strip_prefix("embedded:")) {
            assert!(data::find(name).is_some(), "{}: {name}", recipe.name);
        }
    }
}

#[test]
fn every_data_set_has_an_attribution_and_the_texts_of_its_licenses() {
    let folders: BTreeSet<String> =
        data::names().filter_map(|name| name.split('/').next()).map(str::to_owned).collect();
    let sets = licenses::DATA_SETS.iter().map(|set| set.name.to_owned());
    assert_eq!(sets.collect::<BTreeSet<_>>(), folders);
    let named: BTreeSet<&str> =
        licenses::DATA_SETS.iter().flat_map(|set| set.files.iter().copied()).collect();
    let is_license = |name: &&str| name.contains("/LICENSE") || name.contains("/NOTICE");
    assert_eq!(named, data::names().filter(is_license).collect());
    for set in &licenses::DATA_SETS {
        assert_eq!(set.texts().count(), set.files.len(), "{}", set.name);
    }
}

#[test]
fn every_model_has_a_license_and_a_data_set() {
    let embedded: BTreeSet<&str> = models::all().iter().map(models::EmbeddedModel::name).collect();
    let licensed: BTreeSet<&str> = licenses::MODELS.iter().map(|model| model.name).collect();
    assert_eq!(embedded, licensed);
    for model in &licenses::MODELS {
        assert!(licenses::find(model.data).is_some(), "{}", model.name);
    }
}

#[test]
fn the_crates_have_names_versions_and_licenses() {
    let crates: Vec<licenses::Crate> = licenses::crates().collect();
    assert!(crates.iter().any(|linked| linked.name == "burn"), "{} crates", crates.len());
    for linked in crates {
        assert!(linked.version.starts_with(|c: char| c.is_ascii_digit()), "{linked:?}");
        assert!(!linked.license.is_empty(), "{linked:?}");
    }
}
