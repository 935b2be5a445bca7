//! `crosshead evaluate`.

use std::path::Path;

use anyhow::Context;
use crosshead::data::{Pair, parse_pairs, read_pairs};
use crosshead::evaluate;

use crate::args::{Compute, Evaluate};
use crate::progress::Progress;
use crate::{embedded, output};

pub(crate) fn run(args: &Evaluate, compute: &Compute) -> anyhow::Result<()> {
    let pairs = pairs(&args.data)?;
    let translator = super::translator(&args.model, &args.search, compute)?;
    let mut progress = Progress::new(pairs.len() as u64);
    let evaluation =
        evaluate(&translator, &pairs, |done| progress.update(done as u64, "sentences"))?;
    progress.finish();
    if args.json {
        return output::line(serde_json::to_string(&evaluation)?);
    }
    for score in [&evaluation.bleu, &evaluation.chrf] {
        output::line(format_args!("{:.2}  {}", score.score, score.signature))?;
    }
    Ok(())
}

fn pairs(name: &str) -> anyhow::Result<Vec<Pair>> {
    let Some(embedded) = name.strip_prefix("embedded:") else {
        return Ok(read_pairs(Path::new(name))?);
    };
    let bytes = embedded::data(embedded)
        .with_context(|| format!("{name}: there is no such embedded data"))?;
    Ok(parse_pairs(name, bytes)?)
}
