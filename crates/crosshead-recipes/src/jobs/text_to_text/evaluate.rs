//! Translations and summaries beside references.

use crosshead_data::Pair;
use crosshead_evaluate::{Bleu, Chrf, Rouge};
use crosshead_tasks::{Summarizer, Translator};

use crate::Error;
use crate::report::{Figure, Report, Sample, metric};

/// How many examples a report shows.
const SAMPLES: usize = 10;

/// Words of the baseline of [`summaries`].
const LEAD: usize = 8;

/// Corpus BLEU and chrF of translations of the sources beside the targets; `progress` is told how many are done.
///
/// # Errors
/// If there is no pair or the model computes NaN.
pub fn translations(
    translator: &Translator,
    pairs: &[Pair],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, Error> {
    let (written, references) = write(translator, pairs, progress)?;
    Ok(Report {
        figures: vec![
            Figure::from((&metric::BLEU, Bleu::default().corpus(&written, &references)?.into())),
            Figure::from((&metric::CHRF, Chrf::default().corpus(&written, &references)?)),
        ],
        counts: vec![("sentences", pairs.len())],
        samples: samples(["source", "translation", "reference"], pairs, &written),
        ..Report::default()
    })
}

/// ROUGE of summaries of the sources beside the targets, and of the sources' first words; `progress` is told how many are
/// done.
///
/// # Errors
/// If there is no pair or the model computes NaN.
pub fn summaries(
    summarizer: &Summarizer,
    pairs: &[Pair],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, Error> {
    let (written, references) = write(summarizer, pairs, progress)?;
    let lead = |text: &str| text.split_whitespace().take(LEAD).collect::<Vec<_>>().join(" ");
    let leads: Vec<String> = pairs.iter().map(|pair| lead(&pair.source)).collect();
    Ok(Report {
        figures: rouge(&written, &references)?,
        beside: vec![("first 8 words", rouge(&leads, &references)?)],
        counts: vec![("documents", pairs.len())],
        samples: samples(["document", "summary", "reference"], pairs, &written),
        ..Report::default()
    })
}

/// The texts that the model writes, and the references.
fn write<'p>(
    model: &Translator,
    pairs: &'p [Pair],
    progress: &mut dyn FnMut(usize),
) -> Result<(Vec<String>, Vec<&'p str>), Error> {
    let sources: Vec<&str> = pairs.iter().map(|pair| pair.source.as_str()).collect();
    let written = model.write(&sources, progress)?;
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

fn rouge(written: &[String], references: &[&str]) -> Result<Vec<Figure>, Error> {
    let score = Rouge::new().corpus(written, references)?;
    let kinds = [
        (&metric::ROUGE_1, score.rouge1),
        (&metric::ROUGE_2, score.rouge2),
        (&metric::ROUGE_L, score.rouge_l),
    ];
    Ok(kinds.map(|(metric, value)| Figure::new(metric, value.f1)).into())
}
