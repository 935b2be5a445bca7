//! `crosshead similar`.

use crosshead::cosine;
use crosshead::data::{TextUnit, read_text};
use serde_json::json;

use super::embed::{embed, open};
use crate::args::{Compute, Similar};
use crate::output;

pub(crate) fn run(args: &Similar, compute: &Compute) -> anyhow::Result<()> {
    let passages = read_text(&args.corpus, TextUnit::Line)?;
    let (lines, sentences): (Vec<usize>, Vec<String>) =
        passages.into_iter().map(|passage| (passage.line, passage.text)).unzip();
    let embedder = open(&args.model, args.batch_size, compute)?;
    let query = embedder.embed(std::slice::from_ref(&args.query))?.remove(0);
    let vectors = embed(&embedder, &sentences, |index| ("line", lines[index]))?;
    let scores = vectors.iter().map(|vector| cosine(&query, vector));
    let mut ranked: Vec<(f32, &String)> = scores.zip(&sentences).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (score, sentence) in ranked.into_iter().take(args.top.into()) {
        if args.json {
            output::line(json!({ "score": score, "text": sentence }))?;
        } else {
            output::line(format_args!("{score:.4}\t{}", output::field(sentence)))?;
        }
    }
    Ok(())
}
