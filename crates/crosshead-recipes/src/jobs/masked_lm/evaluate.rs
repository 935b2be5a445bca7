//! Evaluation of masked language models.

use crosshead_data::{MaskedSequence, Masking, TokenTargets, collate_masked};
use crosshead_evaluate::{EvaluateError, LanguageScore};
use crosshead_kernels::Mode;
use crosshead_models::{IGNORED, MaskedLm, TokenBatch};
use crosshead_tasks::FillMask;
use crosshead_tokenize::{SpecialRole, Tokenizer};

use super::sections::{MaskUnit, MaskedLmRecipe};
use super::text::{MaskedText, Window};
use crate::job::{Evaluation, tested};
use crate::report::{MetricValue, Report, metric};
use crate::{RunError, data};

/// Sequences per batch.
const BATCH: usize = 32;

/// The seed of the masks in evaluation.
const SEED: u64 = 0;

/// Loss and accuracy on masked tokens, and pseudo-perplexity (Salazar et al. 2020, section 2.2), of a text. `progress`
/// is called with the number of tokens processed so far.
///
/// The text is read in adjacent windows of `context` tokens, including special tokens. A fraction `share` of the tokens
/// is masked, by `unit`; for pseudo-perplexity, one token at a time.
///
/// # Errors
/// If the text has no tokens, or the loss is NaN.
pub fn masked_language_modeling(
    fill: &FillMask,
    text: &str,
    context: usize,
    share: f64,
    unit: MaskUnit,
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let affixes = fill.tokenizer().affixes()?;
    let windows = MaskedText::encode(fill.tokenizer(), text, unit)?.windows(&affixes, context);
    let mut metrics = masked_metrics(fill, &windows, share, &mut |_| {})?;
    let mut each = Vec::new();
    for (index, window) in windows.iter().enumerate() {
        let text = affixes.before.len()..window.ids.len() - affixes.after.len();
        each.extend(text.map(|position| (index, position)));
    }
    let (mut nats, mut done) = (0.0, 0);
    for batch in each.chunks(BATCH) {
        let originals: Vec<&[u32]> =
            batch.iter().map(|&(index, _)| windows[index].ids.as_slice()).collect();
        let mask = |&(index, position): &(usize, usize)| {
            let mut ids = windows[index].ids.clone();
            ids[position] = fill.mask_id();
            MaskedSequence { ids, positions: vec![position] }
        };
        let masked: Vec<MaskedSequence> = batch.iter().map(mask).collect();
        nats += loss(fill.model(), &collate(fill.model(), &originals, &masked));
        done += batch.len();
        progress(done);
    }
    let score = LanguageScore::new(nats, each.len(), text)?;
    metrics.push(MetricValue::new(&metric::PSEUDO_PERPLEXITY, score.perplexity));
    Ok(Report {
        metrics,
        counts: vec![("tokens", each.len()), ("context", context)],
        ..Report::default()
    })
}

/// Evaluates a masked language model on a file.
///
/// # Errors
/// If the directory has no masked language model, or the file has no tokens.
pub(super) fn on_file(
    recipe: &MaskedLmRecipe,
    evaluation: Evaluation<'_>,
) -> Result<Report, RunError> {
    let Evaluation { model, file, device, compute_type, assets, events, .. } = evaluation;
    let text = data::text(file, assets)?;
    let fill = FillMask::from_files(model, device)?.with_compute_type(compute_type);
    let total = fill.tokenizer().encode(&text)?.len();
    let progress = &mut tested(events, total, "tokens");
    let positions = fill.model().encoder.config().stack.max_len;
    let (context, share) = (recipe.data.context.min(positions), recipe.data.masked);
    masked_language_modeling(&fill, &text, context, share, recipe.data.unit, progress)
}

/// Loss and accuracy on a fraction of the tokens, which is the same in every evaluation. `progress` is called with the number of
/// windows done.
pub(crate) fn masked_metrics(
    fill: &FillMask,
    windows: &[Window],
    share: f64,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<MetricValue>, RunError> {
    let masking = masking(fill.tokenizer(), share)?;
    let (mut nats, mut right, mut all) = (0.0, 0, 0);
    for (first, batch) in windows.chunks(BATCH).enumerate() {
        let originals: Vec<&[u32]> = batch.iter().map(|window| window.ids.as_slice()).collect();
        let masked: Vec<MaskedSequence> = (first * BATCH..)
            .zip(batch)
            .map(|(index, window)| window.masked(&masking, SEED, index))
            .collect();
        let batch = collate(fill.model(), &originals, &masked);
        let read = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let best = fill.model().logits(read, None, Mode::Eval).argmax(2).into_data();
        right += best
            .iter::<i64>()
            .zip(&batch.targets)
            .filter(|(best, target)| *best == i64::from(**target))
            .count();
        all += batch.n_targets;
        nats += loss(fill.model(), &batch);
        progress(first * BATCH + originals.len());
    }
    if all == 0 {
        return Err(EvaluateError::EmptyCorpus.into());
    }
    Ok(vec![
        MetricValue::new(&metric::LOSS, nats / all as f64),
        MetricValue::new(&metric::ACCURACY, 100.0 * right as f64 / all as f64),
    ])
}

/// BERT's masking of a fraction of the tokens, excluding special tokens.
pub(crate) fn masking(tokenizer: &Tokenizer, share: f64) -> Result<Masking, RunError> {
    let special = tokenizer.special();
    let ids = SpecialRole::ALL.iter().filter_map(|&role| special.get(role)).collect();
    let mask_id = special.require(SpecialRole::Mask)?;
    Ok(Masking { share, ..Masking::new(mask_id, tokenizer.vocab_size() as u32, ids) })
}

fn collate(model: &MaskedLm, originals: &[&[u32]], masked: &[MaskedSequence]) -> TokenTargets {
    collate_masked(originals, masked, model.encoder.config().pad_id, IGNORED)
}

/// The sum of the negative log-likelihoods of the targets of a batch, in nats.
fn loss(model: &MaskedLm, batch: &TokenTargets) -> f64 {
    let read = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
    model.loss(read, &batch.targets, Mode::Eval).into_scalar::<f64>()
}
