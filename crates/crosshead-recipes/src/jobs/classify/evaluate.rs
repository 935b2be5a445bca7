//! Predicted labels beside true ones.

use crosshead_evaluate::ConfusionMatrix;
use crosshead_tasks::Classifier;

use crate::Error;
use crate::report::{Confusion, Figure, Report, metric};

/// How many examples a report shows.
const SAMPLES: usize = 10;

/// Accuracy, macro-F1 and the confusion of a classifier on texts of known classes; `progress` is told how many are done.
///
/// # Errors
/// If there is no text, or a class is none of the classifier's.
pub fn classification(
    classifier: &Classifier,
    texts: &[String],
    classes: &[u32],
    progress: &mut dyn FnMut(usize),
) -> Result<Report, Error> {
    let classified = classifier.classify_with(texts, progress)?;
    let best = classified.iter().map(|classified| &classified.labels[0]);
    let predicted: Vec<u32> = best.clone().map(|label| label.class).collect();
    let labels = classifier.labels();
    let matrix = ConfusionMatrix::new(classes, &predicted, labels.len())?;
    let samples =
        texts.iter().zip(classes).zip(best).take(SAMPLES).map(|((text, &class), label)| {
            vec![
                ("text", text.clone()),
                ("label", format!("{} ({:.2})", label.name, label.probability)),
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
