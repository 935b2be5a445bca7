//! Evaluation of token classifiers: predicted against true entities.

use crosshead_data::TaggedSentence;
use crosshead_evaluate::EntityScore;
use crosshead_tasks::Tagger;

use super::sections::TokenClassifyRecipe;
use crate::job::{Evaluation, tested};
use crate::report::{MetricValue, Report, Sample, metric};
use crate::{RunError, data};

/// Number of examples in a report.
const SAMPLES: usize = 10;

/// The tag of words without a prediction: those without tokens, and those beyond the model's maximum length.
const OUTSIDE: &str = "O";

/// Precision, recall and F1 of entities as in seqeval, and the accuracy of tags. `progress` is called with the number of
/// sentences done.
///
/// # Errors
/// If there is no word, or the tokenizer fails on one.
pub fn token_classification(
    tagger: &Tagger,
    sentences: &[TaggedSentence],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let texts = |text: fn(&crosshead_data::TaggedWord) -> &String| -> Vec<Vec<String>> {
        sentences
            .iter()
            .map(|words| words.iter().map(|word| text(word).clone()).collect())
            .collect()
    };
    let (words, truth) = (texts(|word| &word.word), texts(|word| &word.tag));
    let tagged = tagger.tag_words_with(&words, progress)?;
    let labels = tagger.labels();
    let label = |class: &Option<u32>| {
        class.map_or_else(|| OUTSIDE.to_owned(), |class| labels[class as usize].clone())
    };
    let predicted: Vec<Vec<String>> =
        tagged.iter().map(|sentence| sentence.classes.iter().map(label).collect()).collect();
    let score = EntityScore::new(&truth, &predicted)?;
    let value = |metric, share: f64| MetricValue::new(metric, 100.0 * share);
    let sample = |index: usize| -> Sample {
        vec![
            ("words", words[index].join(" ")),
            ("labels", predicted[index].join(" ")),
            ("truth", truth[index].join(" ")),
        ]
    };
    Ok(Report {
        metrics: vec![
            value(&metric::F1, score.f1()),
            value(&metric::PRECISION, score.precision()),
            value(&metric::RECALL, score.recall()),
            value(&metric::ACCURACY, score.accuracy),
        ],
        counts: vec![
            ("sentences", sentences.len()),
            ("words", words.iter().map(Vec::len).sum()),
            ("entities", score.reference),
            ("truncated", tagged.iter().filter(|sentence| sentence.truncated).count()),
        ],
        samples: (0..sentences.len().min(SAMPLES)).map(sample).collect(),
        ..Report::default()
    })
}

/// Evaluates a token classifier on a file.
///
/// # Errors
/// If the directory has no token classifier, or the file has no sentences.
pub(super) fn on_file(
    recipe: &TokenClassifyRecipe,
    evaluation: Evaluation<'_>,
) -> Result<Report, RunError> {
    let Evaluation { model, file, device, compute_type, assets, events, .. } = evaluation;
    let sentences = data::tagged(file, &recipe.data.columns(), assets)?;
    let tagger = Tagger::from_files(model, device)?.with_compute_type(compute_type);
    let progress = &mut tested(events, sentences.len(), "sentences");
    token_classification(&tagger, &sentences, progress)
}
