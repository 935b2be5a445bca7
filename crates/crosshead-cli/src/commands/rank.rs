//! `crosshead rank`.

use crosshead::data::read_pairs;
use crosshead::{DecodeOptions, ModelTask, RankedPair};
use serde_json::json;

use super::hypotheses::tokens;
use super::lines::warn_if_cut;
use super::write::{open, with_languages};
use crate::args::{Compute, Rank};
use crate::output;

pub(crate) fn run(args: &Rank, compute: &Compute) -> anyhow::Result<()> {
    let pairs = read_pairs(&args.pairs)?;
    let writer = open(&args.model, ModelTask::Translation, &args.precision, compute)?;
    let writer = writer.with_batch_size(args.batch_size.into()).with_options(DecodeOptions {
        length_penalty: args.length_penalty,
        alternatives: args.alternatives.map_or(0, usize::from),
        ..DecodeOptions::default()
    });
    let writer = match &args.prefix {
        Some(prefix) => writer.with_prefix(prefix),
        None => writer,
    };
    let writer = with_languages(writer, args.from.as_deref(), args.to.as_deref())?;
    let texts: Vec<(&str, &str)> =
        pairs.iter().map(|pair| (pair.source.as_str(), pair.target.as_str())).collect();
    let ranked = writer.rank(&texts)?;
    for (number, ((source, _), RankedPair { target, truncated })) in
        (1..).zip(texts.iter().zip(ranked))
    {
        warn_if_cut(truncated, number, "pair");
        let per_token = target.log_prob / target.tokens.len() as f32;
        if args.json {
            output::line(json!({
                "source": source,
                "target": target.text,
                "log_prob": target.log_prob,
                "per_token": per_token,
                "score": target.score,
                "tokens": tokens(&target.tokens),
            }))?;
        } else {
            let (log_prob, score) = (target.log_prob, target.score);
            output::line(format_args!("{log_prob:.6}\t{per_token:.6}\t{score:.6}"))?;
        }
    }
    Ok(())
}
