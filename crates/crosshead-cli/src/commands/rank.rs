//! `crosshead rank`.

use std::path::Path;

use anyhow::bail;
use crosshead::data::read_pairs;
use crosshead::{DecodeOptions, Generator, ModelTask, RankedPair};
use serde_json::json;

use super::hypotheses::tokens;
use super::lines::warn_if_cut;
use super::quantize::compute_type;
use super::write::{load, with_languages};
use crate::args::{Compute, Rank};
use crate::{device, models, output};

pub(crate) fn run(args: &Rank, compute: &Compute) -> anyhow::Result<()> {
    let pairs = read_pairs(&args.pairs)?;
    let model = models::find(&args.model, ModelTask::Translation)?;
    let texts: Vec<(&str, &str)> =
        pairs.iter().map(|pair| (pair.source.as_str(), pair.target.as_str())).collect();
    let options = DecodeOptions {
        length_penalty: args.length_penalty,
        alternatives: args.alternatives.map_or(0, usize::from),
        ..DecodeOptions::default()
    };
    let ranked = match ModelTask::of(&model)? {
        ModelTask::Generation => continuations(args, compute, &model, &texts, &options)?,
        _ => outputs(args, compute, &model, &texts, options)?,
    };
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

/// Scores outputs of an encoder-decoder.
fn outputs(
    args: &Rank,
    compute: &Compute,
    model: &Path,
    texts: &[(&str, &str)],
    options: DecodeOptions,
) -> anyhow::Result<Vec<RankedPair>> {
    let writer = load(model, args.model.adapter.as_deref(), &args.precision, compute)?;
    let writer = writer.with_batch_size(args.batch_size.into()).with_options(options);
    let writer = match &args.prefix {
        Some(prefix) => writer.with_prefix(prefix),
        None => writer,
    };
    let writer = with_languages(writer, args.from.as_deref(), args.to.as_deref())?;
    Ok(writer.rank(texts)?)
}

/// Scores continuations of prompts by a causal language model.
fn continuations(
    args: &Rank,
    compute: &Compute,
    model: &Path,
    texts: &[(&str, &str)],
    options: &DecodeOptions,
) -> anyhow::Result<Vec<RankedPair>> {
    for (option, value) in [("--to", &args.to), ("--from", &args.from), ("--prefix", &args.prefix)]
    {
        if value.is_some() {
            bail!("{option} is for encoder-decoders, but {} is a language model", model.display());
        }
    }
    let device = device::open(compute.device)?;
    let compute_type = compute_type(model, &args.precision, &device)?;
    let files = crosshead::model_files(model, args.model.adapter.as_deref())?;
    let generator = Generator::from_files(&files, &device)?.with_compute_type(compute_type);
    let mut ranked = Vec::with_capacity(texts.len());
    for batch in texts.chunks(args.batch_size.into()) {
        ranked.extend(generator.rank(batch, options)?);
    }
    Ok(ranked)
}
