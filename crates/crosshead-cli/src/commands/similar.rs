//! `crosshead similar`.

use crosshead::data::{TextUnit, read_text};
use crosshead::{Prompt, Purpose};
use serde_json::json;

use super::embed::{embed, open};
use crate::args::{Compute, Similar};
use crate::output;

pub(crate) fn run(args: &Similar, compute: &Compute) -> anyhow::Result<()> {
    let passages = read_text(&args.corpus, TextUnit::Line)?;
    let (lines, sentences): (Vec<usize>, Vec<String>) =
        passages.into_iter().map(|passage| (passage.line, passage.text)).unzip();
    let embedder = open(&args.model, args.batch_size, &args.precision, compute)?;
    let of_query = args.query_prompt.as_deref().map_or(Prompt::OfModel, Prompt::Text);
    let query = std::slice::from_ref(&args.query);
    let query = embedder.embed_with(query, Purpose::Query, of_query, |_| {})?.remove(0);
    if query.truncated {
        output::message("warning: the query is longer than the model allows and was truncated");
    }
    let name = |index: usize| ("line", lines[index]);
    let prompt = args.document_prompt.as_deref().map_or(Prompt::OfModel, Prompt::Text);
    let vectors = embed(&embedder, &sentences, name, Purpose::Document, prompt)?;
    let similarity = embedder.similarity();
    let scores = vectors.iter().map(|vector| similarity.of(&query.vector, vector));
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
