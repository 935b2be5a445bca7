//! A run's text and ids.

use std::path::Path;

use crosshead_data::{Example, LongExamples, Pair, filter_by_length, parse_pairs, read_pairs};
use crosshead_tokenize::{BpeConfig, Tokenizer};

use super::{Event, Host};
use crate::{Error, Recipe};

/// A run's pairs, and the tokenizer that turned them into ids.
pub(super) struct Corpus {
    pub(super) tokenizer: Tokenizer,
    pub(super) train: Vec<Example>,
    pub(super) valid: Vec<Example>,
    pub(super) valid_pairs: Vec<Pair>,
    pub(super) test: Vec<Pair>,
}

impl Corpus {
    /// Reads a recipe's data and trains its tokenizer, or reads a resumed run's.
    pub(super) fn load(
        recipe: &Recipe,
        dir: &Path,
        resume: bool,
        host: &mut impl Host,
    ) -> Result<Self, Error> {
        let train_pairs = pairs(&recipe.data.train, host)?;
        let valid_pairs = pairs(&recipe.data.valid, host)?;
        let test = recipe.data.test.as_deref().map_or(Ok(Vec::new()), |name| pairs(name, host))?;
        let tokenizer = tokenizer(recipe, dir, resume, &train_pairs)?;
        let max_len = recipe.data.max_len;
        let (train, dropped) =
            filter_by_length(encode(&tokenizer, &train_pairs)?, max_len, LongExamples::Drop);
        host.on_event(Event::Message(format!(
            "data: {} pairs to train on, {} valid, {} test; {dropped} left out (more than {max_len} tokens)",
            train.len(),
            valid_pairs.len(),
            test.len()
        )));
        let (valid, _) =
            filter_by_length(encode(&tokenizer, &valid_pairs)?, max_len, LongExamples::Drop);
        Ok(Self { tokenizer, train, valid, valid_pairs, test })
    }
}

fn pairs(name: &str, host: &impl Host) -> Result<Vec<Pair>, Error> {
    let Some(embedded) = name.strip_prefix("embedded:") else {
        return Ok(read_pairs(Path::new(name))?);
    };
    let bytes = host.embedded(embedded).ok_or_else(|| Error::Recipe {
        name: name.to_owned(),
        reason: "no such embedded data; give the path of a file".to_owned(),
    })?;
    Ok(parse_pairs(name, bytes)?)
}

/// A resumed run keeps its tokenizer; a new one trains it and writes it beside the recipe.
fn tokenizer(
    recipe: &Recipe,
    dir: &Path,
    resume: bool,
    pairs: &[Pair],
) -> Result<Tokenizer, Error> {
    let dir = dir.join("tokenizer");
    if resume && dir.is_dir() {
        return Ok(Tokenizer::from_dir(&dir)?);
    }
    let lines = pairs.iter().flat_map(|pair| [pair.source.as_str(), pair.target.as_str()]);
    let tokenizer = Tokenizer::train_bpe(lines, &BpeConfig::new(recipe.tokenizer.vocab_size))?;
    std::fs::create_dir_all(&dir).map_err(Error::io(&dir))?;
    tokenizer.save(&dir)?;
    Ok(tokenizer)
}

fn encode(tokenizer: &Tokenizer, pairs: &[Pair]) -> Result<Vec<Example>, Error> {
    let side =
        |f: fn(&Pair) -> &str| tokenizer.encode_batch(&pairs.iter().map(f).collect::<Vec<&str>>());
    let (sources, targets) = (side(|pair| &pair.source)?, side(|pair| &pair.target)?);
    Ok(sources
        .into_iter()
        .zip(targets)
        .map(|(source, target)| Example { source, target })
        .collect())
}
