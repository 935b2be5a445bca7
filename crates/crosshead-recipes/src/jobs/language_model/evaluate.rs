//! Evaluation of causal language models.

use crosshead_data::{Window, collate_windows, contiguous_windows};
use crosshead_evaluate::LanguageScore;
use crosshead_kernels::{LabelSmoothing, Mode};
use crosshead_models::{CausalLm, IGNORED, TokenBatch};
use crosshead_tasks::Generator;
use crosshead_tokenize::Tokenizer;

use crate::job::{Evaluation, tested};
use crate::report::{MetricValue, Report, metric};
use crate::{RunError, data};

/// Windows per batch.
const BATCH: usize = 16;

/// Perplexity and bits per character of a text. `progress` is called with the number of tokens processed so far.
///
/// The text is read in windows of the model's context length that overlap by half, so that every token after the first window is
/// predicted from at least half a context. The first token is not predicted; it is the begin token if the tokenizer
/// adds one.
///
/// # Errors
/// If the text has fewer than two tokens, or the loss is NaN.
pub fn language_modeling(
    generator: &Generator,
    text: &str,
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let (model, tokenizer) = (generator.model(), generator.tokenizer());
    let ids = tokenizer.encode_with_special(text)?;
    let context = model.config().stack.max_len;
    let stride = context.div_ceil(2);
    let windows = contiguous_windows(ids.len(), context, stride);
    let metrics = score(model, tokenizer, &ids, text, &windows, progress)?;
    let score = metrics.1;
    Ok(Report {
        metrics: metrics.0,
        counts: vec![
            ("tokens", score.tokens),
            ("characters", score.characters),
            ("context", context),
            ("stride", stride),
        ],
        ..Report::default()
    })
}

/// The metrics of a text in the given windows, the loss first.
pub(crate) fn score(
    model: &CausalLm,
    tokenizer: &Tokenizer,
    ids: &[u32],
    text: &str,
    windows: &[Window],
    progress: &mut dyn FnMut(usize),
) -> Result<(Vec<MetricValue>, LanguageScore), RunError> {
    let pad_id = model.config().pad_id.unwrap_or(0);
    let (mut nats, mut tokens) = (0.0, 0);
    for windows in windows.chunks(BATCH) {
        let batch = collate_windows(ids, windows, pad_id, IGNORED);
        let read = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let loss = model.loss(read, &batch.targets, LabelSmoothing::None, Mode::Eval);
        nats += loss.into_scalar::<f64>();
        tokens += batch.n_targets;
        progress(tokens);
    }
    // The first token is not predicted.
    let given = ids.first().map_or(Ok(String::new()), |&id| tokenizer.decode(&[id]))?;
    let predicted = text.strip_prefix(given.as_str()).unwrap_or(text);
    let score = LanguageScore::new(nats, tokens, predicted)?;
    let metrics = vec![
        MetricValue::new(&metric::LOSS, score.nats_per_token),
        MetricValue::new(&metric::PERPLEXITY, score.perplexity),
        MetricValue::new(&metric::BITS_PER_CHARACTER, score.bits_per_character),
    ];
    Ok((metrics, score))
}

/// Evaluates a causal language model on a file.
///
/// # Errors
/// If the directory has no causal language model, or the file has fewer than two tokens.
pub(super) fn on_file(evaluation: Evaluation<'_>) -> Result<Report, RunError> {
    let Evaluation { model, file, device, compute_type, assets, events, .. } = evaluation;
    let text = data::text(file, assets)?;
    let generator = Generator::from_files(model, device)?.with_compute_type(compute_type);
    let ids = generator.tokenizer().encode_with_special(&text)?;
    let total = ids.len().saturating_sub(1);
    language_modeling(&generator, &text, &mut tested(events, total, "tokens"))
}
