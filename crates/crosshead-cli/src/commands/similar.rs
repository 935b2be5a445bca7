//! `crosshead similar`.

use std::fs;

use anyhow::{Context, bail};
use crosshead::{Prompt, Purpose};
use serde_json::json;

use super::embed::{embed, open};
use crate::args::{Compute, Similar};
use crate::output;

pub(crate) fn run(args: &Similar, compute: &Compute) -> anyhow::Result<()> {
    let corpus = fs::read_to_string(&args.corpus)
        .with_context(|| format!("cannot read {}", args.corpus.display()))?;
    let lines = corpus.lines().filter(|line| !line.trim().is_empty());
    let sentences: Vec<String> = lines.map(str::to_owned).collect();
    if sentences.is_empty() {
        bail!("{}: there is no line with text", args.corpus.display());
    }
    let embedder = open(&args.model, args.batch_size, compute)?;
    let of_query = args.query_prompt.as_deref().map_or(Prompt::OfModel, Prompt::Text);
    let query = std::slice::from_ref(&args.query);
    let query = embedder.embed_with(query, Purpose::Query, of_query, |_| {})?.remove(0);
    if query.truncated {
        output::message("warning: the query is longer than the model takes and was cut");
    }
    let prompt = args.document_prompt.as_deref().map_or(Prompt::OfModel, Prompt::Text);
    let vectors = embed(&embedder, &sentences, "line", Purpose::Document, prompt)?;
    let similarity = embedder.similarity();
    let scores = vectors.iter().map(|vector| similarity.of(&query.vector, vector));
    let mut ranked: Vec<(f32, &String)> = scores.zip(&sentences).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (score, sentence) in ranked.into_iter().take(args.top.into()) {
        if args.json {
            output::line(json!({ "score": score, "text": sentence }))?;
        } else {
            output::line(format_args!("{score:.4}\t{sentence}"))?;
        }
    }
    Ok(())
}
