//! Validation metrics.

use super::{first_validation, folder, recipe};
use crate::TaskKind;

fn metrics(task: &str) -> Vec<&'static str> {
    let folder = folder();
    let found = first_validation(&folder, &recipe(&folder, task, &[]).unwrap()).unwrap();
    for measured in &found {
        assert!(measured.value.is_finite() && measured.value >= 0.0, "{task}: {measured}");
    }
    found.iter().map(|measured| measured.metric.key).collect()
}

#[test]
fn each_task_reports_its_metrics_with_the_loss_first() {
    assert_eq!(metrics("translate"), ["loss", "bleu", "chrf"]);
    assert_eq!(metrics("summarize"), ["loss", "rouge1", "rouge2", "rouge_l"]);
    assert_eq!(metrics("classify"), ["loss", "accuracy", "macro_f1"]);
    let of_entities = ["loss", "f1", "precision", "recall", "accuracy"];
    assert_eq!(metrics("token-classify"), of_entities);
    assert_eq!(metrics("embed"), ["loss", "accuracy"]);
    assert_eq!(metrics("language-model"), ["loss", "perplexity", "bits_per_character"]);
    assert_eq!(metrics("masked-lm"), ["loss", "accuracy"]);
    assert_eq!(metrics("span-corruption"), ["loss"]);
}

#[test]
fn a_recipe_selects_by_a_metric_of_its_validation() {
    let keys = [
        "loss",
        "bleu",
        "chrf",
        "rouge1",
        "rouge2",
        "rouge_l",
        "accuracy",
        "macro_f1",
        "f1",
        "precision",
        "recall",
        "spearman",
        "perplexity",
        "bits_per_character",
    ];
    let folder = folder();
    for task in TaskKind::ALL {
        let found = metrics(task.name());
        let accepted =
            |key: &&str| recipe(&folder, task.name(), &[&format!("train.select={key}")]).is_ok();
        let accepted: Vec<&str> = keys.into_iter().filter(accepted).collect();
        assert!(accepted.contains(&"loss"), "{task}");
        for key in accepted {
            assert!(found.contains(&key), "{task} is selected by {key}, which is not validated");
        }
    }
}

#[test]
fn the_loss_of_random_weights_is_near_chance() {
    let folder = folder();
    let of = |task: &str| first_validation(&folder, &recipe(&folder, task, &[]).unwrap()).unwrap();
    let chance = 2_f64.ln();
    let classify = of("classify")[0].value;
    assert!((classify - chance).abs() < 0.1, "{classify} and {chance}");
    let language_model = of("language-model")[0].value;
    assert!((2.0..60_f64.ln() + 1.5).contains(&language_model), "{language_model}");
}
