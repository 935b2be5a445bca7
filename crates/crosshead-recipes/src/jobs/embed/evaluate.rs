//! Evaluation of sentence embeddings.

use crosshead_data::Pair;
use crosshead_evaluate::{EvaluateError, spearman};
use crosshead_tasks::{Embedder, Prompt, Purpose, cosine};

use super::sections::EmbedRecipe;
use super::texts::{Held, ScoredPair};
use crate::RunError;
use crate::job::{Evaluation, tested};
use crate::report::{MetricValue, Report, metric};

/// How often the second text of a pair is the nearest to the first, by the cosine, among the second texts of all pairs.
/// `progress` is called with the number of texts done.
///
/// # Errors
/// If there are no pairs, or the tokenizer fails on a text.
pub fn embedding_ranks(
    embedder: &Embedder,
    pairs: &[Pair],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    if pairs.is_empty() {
        return Err(EvaluateError::EmptyCorpus.into());
    }
    let sides = [|pair: &Pair| pair.source.clone(), |pair: &Pair| pair.target.clone()];
    let [anchors, candidates] = sides.map(|side| pairs.iter().map(side).collect::<Vec<String>>());
    let anchors = vectors(embedder, &anchors, 0, progress)?;
    let found = vectors(embedder, &candidates, pairs.len(), progress)?;
    let is_right = |index: &usize| {
        let similarity = |other: usize| cosine(&anchors[*index], &found[other]);
        let own = similarity(*index);
        // A text that occurs twice belongs to both of its anchors.
        let others = (0..pairs.len()).filter(|&other| candidates[other] != candidates[*index]);
        others.map(similarity).all(|similarity| similarity < own)
    };
    let right = (0..pairs.len()).filter(is_right).count();
    let accuracy = 100.0 * right as f64 / pairs.len() as f64;
    Ok(Report {
        metrics: vec![MetricValue::new(&metric::ACCURACY, accuracy)],
        counts: vec![("pairs", pairs.len())],
        ..Report::default()
    })
}

/// Spearman's correlation of the cosines of pairs with their scores. `progress` is called with the number of texts done.
///
/// # Errors
/// If there are no pairs, or the tokenizer fails on a text.
pub fn embedding_scores(
    embedder: &Embedder,
    pairs: &[ScoredPair],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let sides = [|pair: &ScoredPair| pair.first.clone(), |pair: &ScoredPair| pair.second.clone()];
    let [first, second] = sides.map(|side| pairs.iter().map(side).collect::<Vec<String>>());
    let first = vectors(embedder, &first, 0, progress)?;
    let second = vectors(embedder, &second, pairs.len(), progress)?;
    let similarity = |(a, b): (&Vec<f32>, &Vec<f32>)| f64::from(cosine(a, b));
    let similarities: Vec<f64> = first.iter().zip(&second).map(similarity).collect();
    let scores: Vec<f64> = pairs.iter().map(|pair| pair.score).collect();
    let correlation = 100.0 * spearman(&scores, &similarities)?;
    Ok(Report {
        metrics: vec![MetricValue::new(&metric::SPEARMAN, correlation)],
        counts: vec![("pairs", pairs.len())],
        ..Report::default()
    })
}

/// The vectors of texts; `done` texts were embedded before.
fn vectors(
    embedder: &Embedder,
    texts: &[String],
    done: usize,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Vec<f32>>, RunError> {
    let progress = |now: usize| progress(done + now);
    let embeddings = embedder.embed_with(texts, Purpose::Any, Prompt::OfModel, progress)?;
    Ok(embeddings.into_iter().map(|embedding| embedding.vector).collect())
}

/// Evaluates an embedder on texts.
pub(super) fn report(
    embedder: &Embedder,
    held: &Held,
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    match held {
        Held::Pairs(pairs) => embedding_ranks(embedder, pairs, progress),
        Held::Scored(pairs) => embedding_scores(embedder, pairs, progress),
    }
}

/// Evaluates an embedder on a file.
///
/// # Errors
/// If the directory has no encoder, or the file has no pairs.
pub(super) fn on_file(
    recipe: &EmbedRecipe,
    evaluation: Evaluation<'_>,
) -> Result<Report, RunError> {
    let Evaluation { model, file, device, compute_type, assets, events, .. } = evaluation;
    let held = Held::read(file, &recipe.data, assets)?;
    let embedder = Embedder::with_adapter(model.weights(), model.adapter(), device)?;
    let embedder = embedder.with_compute_type(compute_type);
    report(&embedder, &held, &mut tested(events, 2 * held.len(), "texts"))
}
