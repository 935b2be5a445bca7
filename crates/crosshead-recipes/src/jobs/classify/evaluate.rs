//! Evaluation of classifiers: predicted against true labels.

use crosshead_data::{DataError, LabelSet};
use crosshead_evaluate::{Bootstrap, ConfusionMatrix};
use crosshead_models::ProblemType;
use crosshead_tasks::{Classifier, TextPair};

use super::sections::{ClassifyRecipe, LabelledSection};
use super::texts::{Labelled, Texts};
use crate::RunError;
use crate::host::Assets;
use crate::job::{Evaluation, tested};
use crate::report::{Confusion, MetricValue, Report, metric};

/// Number of examples in a report.
const SAMPLES: usize = 10;

/// Accuracy and macro-F1 with confidence intervals, and the confusion matrix, of a classifier on texts with known classes.
/// `progress` is called with the number of texts processed so far.
///
/// # Errors
/// If there are no texts, a class is out of range, or the classifier is not a single-label classifier.
pub fn classification(
    classifier: &Classifier,
    texts: &[String],
    classes: &[u32],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let labelled = Labelled { texts: Texts::Single(texts.to_vec()), classes: classes.to_vec() };
    report(classifier, &labelled, progress)
}

/// [`classification`] for pairs of texts.
///
/// # Errors
/// As [`classification`].
pub fn classification_of_pairs(
    classifier: &Classifier,
    pairs: &[TextPair],
    classes: &[u32],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let labelled = Labelled { texts: Texts::Pairs(pairs.to_vec()), classes: classes.to_vec() };
    report(classifier, &labelled, progress)
}

/// Evaluates a classifier on labelled texts.
pub(super) fn report(
    classifier: &Classifier,
    labelled: &Labelled,
    progress: &mut dyn FnMut(usize),
) -> Result<Report, RunError> {
    let Labelled { texts, classes } = labelled;
    check_single_label(classifier.problem_type(), "evaluation")?;
    let classified = texts.classify(classifier, progress)?;
    let best = classified.iter().map(|classified| &classified.labels[0]);
    let predicted: Vec<u32> = best.clone().map(|label| label.class).collect();
    let labels = classifier.labels();
    let matrix = ConfusionMatrix::new(classes, &predicted, labels.len())?;
    let measured = |metric, score: fn(&ConfusionMatrix) -> f64| {
        let percent = |matrix: &ConfusionMatrix| 100.0 * score(matrix);
        let (n_classes, bootstrap) = (labels.len(), Bootstrap::new());
        ConfusionMatrix::interval(classes, &predicted, n_classes, &bootstrap, percent)
            .map(|interval| MetricValue::new(metric, percent(&matrix)).with_interval(interval))
    };
    let samples = best.zip(classes).enumerate().take(SAMPLES).map(|(index, (label, &class))| {
        let mut sample = texts.sample(index);
        sample.push(("label", format!("{} ({:.2})", label.name, label.score)));
        sample.push(("truth", labels[class as usize].clone()));
        sample
    });
    Ok(Report {
        metrics: vec![
            measured(&metric::ACCURACY, ConfusionMatrix::accuracy)?,
            measured(&metric::MACRO_F1, ConfusionMatrix::macro_f1)?,
        ],
        counts: vec![("texts", texts.len())],
        samples: samples.collect(),
        confusion: Some(Confusion { labels: labels.to_vec(), matrix }),
        ..Report::default()
    })
}

/// Checks that a classifier is a single-label classifier, as `what` requires.
///
/// # Errors
/// If it has a different `problem_type`.
pub(crate) fn check_single_label(
    problem_type: Option<ProblemType>,
    what: &'static str,
) -> Result<(), RunError> {
    match problem_type {
        None | Some(ProblemType::SingleLabelClassification) => Ok(()),
        Some(problem_type @ (ProblemType::Regression | ProblemType::MultiLabelClassification)) => {
            Err(RunError::ProblemType { problem_type: problem_type.name(), what })
        }
    }
}

/// Evaluates a classifier on a file.
///
/// # Errors
/// If the directory has no classifier, or the file has no texts with its labels.
pub(super) fn on_file(
    recipe: &ClassifyRecipe,
    evaluation: Evaluation<'_>,
) -> Result<Report, RunError> {
    let Evaluation { model, file, device, compute_type, assets, events, .. } = evaluation;
    let classifier = Classifier::from_files(model, device)?.with_compute_type(compute_type);
    let labelled = labelled(file, &recipe.data, classifier.labels(), assets)?;
    let progress = &mut tested(events, labelled.texts.len(), "texts");
    report(&classifier, &labelled, progress)
}

/// The texts of a file and their classes. A label can be one of `data.labels`, one of the model's label names, or a
/// class number.
fn labelled(
    file: &str,
    section: &LabelledSection,
    names: &[String],
    assets: &dyn Assets,
) -> Result<Labelled, RunError> {
    let written = section.labels.as_deref().unwrap_or(names);
    let known = LabelSet::from_names(written.to_vec())?;
    Labelled::read(file, section, assets, |line, label| {
        let number = label.parse().ok().filter(|&number: &u32| (number as usize) < names.len());
        known.class(label).or(number).ok_or_else(|| DataError::UnseenLabel {
            name: file.to_owned(),
            line,
            label: label.to_owned(),
            known: written.join(", "),
        })
    })
}
