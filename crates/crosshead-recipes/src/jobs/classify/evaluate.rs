//! Predicted labels beside true ones.

use crosshead_evaluate::ConfusionMatrix;
use crosshead_models::ProblemType;
use crosshead_tasks::Classifier;

use crate::Error;
use crate::report::{Confusion, Figure, Report, metric};

/// How many examples a report shows.
const SAMPLES: usize = 10;

/// Accuracy, macro-F1 and the confusion of a classifier on texts of known classes; `progress` is told how many are done.
///
/// # Errors
/// If there is no text, a class is none of the classifier's, or the classifier does not choose one label of several.
pub fn classification(
    classifier: &Classifier,
    texts: &[String],
    classes: &[u32],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, Error> {
    check_single_label(classifier.problem_type(), "evaluation")?;
    let classified = classifier.classify_with(texts, progress)?;
    let best = classified.iter().map(|classified| &classified.labels[0]);
    let predicted: Vec<u32> = best.clone().map(|label| label.class).collect();
    let labels = classifier.labels();
    let matrix = ConfusionMatrix::new(classes, &predicted, labels.len())?;
    let samples =
        texts.iter().zip(classes).zip(best).take(SAMPLES).map(|((text, &class), label)| {
            vec![
                ("text", text.clone()),
                ("label", format!("{} ({:.2})", label.name, label.score)),
                ("truth", labels[class as usize].clone()),
            ]
        });
    Ok(Report {
        figures: vec![
            Figure::new(&metric::ACCURACY, 100.0 * matrix.accuracy()),
            Figure::new(&metric::MACRO_F1, 100.0 * matrix.macro_f1()),
        ],
        counts: vec![("texts", texts.len())],
        samples: samples.collect(),
        confusion: Some(Confusion { labels: labels.to_vec(), matrix }),
        ..Report::default()
    })
}

/// That a classifier chooses one label of several, as `what` takes for granted.
///
/// # Errors
/// If its `problem_type` is another.
pub(crate) fn check_single_label(
    problem_type: Option<ProblemType>,
    what: &'static str,
) -> Result<(), Error> {
    match problem_type {
        None | Some(ProblemType::SingleLabelClassification) => Ok(()),
        Some(problem_type @ (ProblemType::Regression | ProblemType::MultiLabelClassification)) => {
            Err(Error::ProblemType { problem_type: problem_type.name(), what })
        }
    }
}
