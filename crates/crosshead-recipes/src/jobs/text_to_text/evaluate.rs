//! Evaluation of translation and summarization against references.

use crosshead_data::Pair;
use crosshead_evaluate::{Bleu, Bootstrap, Chrf, Rouge};
use crosshead_tasks::{Summarizer, TaskError, TextHooks, TextToText, Translator, Written};

use super::pairs;
use super::sections::{TextToTextKind, TextToTextRecipe};
use crate::RunError;
use crate::job::{Evaluation, tested};
use crate::report::{Baseline, MetricValue, Report, Sample, metric};

/// Number of examples in a report.
const SAMPLES: usize = 10;

/// Number of words in the baseline of [`summaries`].
const LEAD: usize = 8;

/// Corpus BLEU and chrF of the translations of sources against their targets, with confidence intervals. `progress` is called with the number of
/// pairs processed so far.
///
/// # Errors
/// If there are no pairs, or the model computes NaN.
pub fn translations(
    translator: &Translator,
    pairs: &[Pair],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let hooks = TextHooks::none().with_progress(progress);
    let (written, references) = write(pairs, |sources| translator.translate_with(sources, hooks))?;
    let (bleu, chrf, bootstrap) = (Bleu::new(), Chrf::new(), Bootstrap::new());
    let of_bleu = bleu.corpus(&written, &references)?.into();
    let of_chrf = chrf.corpus(&written, &references)?;
    Ok(Report {
        metrics: vec![
            MetricValue::from((&metric::BLEU, of_bleu)).with_interval(bleu.interval(
                &written,
                &references,
                &bootstrap,
            )?),
            MetricValue::from((&metric::CHRF, of_chrf)).with_interval(chrf.interval(
                &written,
                &references,
                &bootstrap,
            )?),
        ],
        counts: vec![("sentences", pairs.len())],
        samples: samples(["source", "translation", "reference"], pairs, &written),
        ..Report::default()
    })
}

/// ROUGE of the summaries of sources against their targets, with the first words of the sources as a baseline.
/// `progress` is called with the number of pairs processed so far.
///
/// # Errors
/// If there are no pairs, or the model computes NaN.
pub fn summaries(
    summarizer: &Summarizer,
    pairs: &[Pair],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let hooks = TextHooks::none().with_progress(progress);
    let (written, references) = write(pairs, |sources| summarizer.summarize_with(sources, hooks))?;
    let lead = |text: &str| text.split_whitespace().take(LEAD).collect::<Vec<_>>().join(" ");
    let leads: Vec<String> = pairs.iter().map(|pair| lead(&pair.source)).collect();
    Ok(Report {
        metrics: rouge(&written, &references)?,
        baselines: vec![Baseline { name: "first 8 words", metrics: rouge(&leads, &references)? }],
        counts: vec![("documents", pairs.len())],
        samples: samples(["document", "summary", "reference"], pairs, &written),
        ..Report::default()
    })
}

/// Evaluates translation or summarization, depending on the task.
///
/// # Errors
/// If there are no pairs, or the model computes NaN.
pub(super) fn report(
    task: TextToTextKind,
    model: TextToText,
    pairs: &[Pair],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    match task {
        TextToTextKind::Translate => translations(&Translator::from(model), pairs, progress),
        TextToTextKind::Summarize => summaries(&Summarizer::from(model), pairs, progress),
    }
}

/// Evaluates an encoder-decoder on a file.
///
/// # Errors
/// If the directory has no encoder-decoder, or the file has no pairs.
pub(super) fn on_file(
    recipe: &TextToTextRecipe,
    evaluation: Evaluation<'_>,
) -> Result<Report, RunError> {
    let Evaluation { model, file, prepare, device, compute_type, assets, events } = evaluation;
    let pairs = pairs::read(file, &recipe.data, assets)?;
    let model = TextToText::from_files(model, device)?.with_compute_type(compute_type);
    let model = prepare(model)?;
    let options = recipe.decode.limited(model.options().clone());
    let model = model.with_options(options);
    report(recipe.task, model, &pairs, &mut tested(events, pairs.len(), "texts"))
}

/// The texts that the model generates for the sources, and the references.
fn write<'p>(
    pairs: &'p [Pair],
    write: impl FnOnce(&[&'p str]) -> Result<Vec<Written>, TaskError>,
) -> Result<(Vec<String>, Vec<&'p str>), RunError> {
    let sources: Vec<&str> = pairs.iter().map(|pair| pair.source.as_str()).collect();
    let written = write(&sources)?;
    let references = pairs.iter().map(|pair| pair.target.as_str()).collect();
    Ok((written.into_iter().map(|written| written.text).collect(), references))
}

fn samples(names: [&'static str; 3], pairs: &[Pair], written: &[String]) -> Vec<Sample> {
    let sample = |(pair, written): (&Pair, &String)| {
        let texts = [pair.source.clone(), written.clone(), pair.target.clone()];
        names.into_iter().zip(texts).collect()
    };
    pairs.iter().zip(written).take(SAMPLES).map(sample).collect()
}

fn rouge(written: &[String], references: &[&str]) -> Result<Vec<MetricValue>, RunError> {
    let rouge = Rouge::new();
    let score = rouge.corpus(written, references)?;
    let [one, two, l, _] = rouge.intervals(written, references, &Bootstrap::new())?;
    let kinds = [
        (&metric::ROUGE_1, score.rouge1, one),
        (&metric::ROUGE_2, score.rouge2, two),
        (&metric::ROUGE_L, score.rouge_l, l),
    ];
    let values = kinds.map(|(metric, value, interval)| {
        MetricValue::new(metric, value.f1).with_interval(interval)
    });
    Ok(values.into())
}
