//! Prints evaluation results.

use crosshead::recipes::report::{Baseline, Report};

use crate::output;

/// Prints the confusion matrix, the metrics (each preceded by `prefix`) and the baselines.
pub(super) fn metrics(prefix: &str, report: &Report) -> anyhow::Result<()> {
    if let Some(confusion) = &report.confusion {
        let labels: Vec<String> = confusion.labels.iter().map(|name| output::field(name)).collect();
        output::line(format_args!("{}\n", confusion.matrix.table(&labels)))?;
    }
    for measured in &report.metrics {
        output::line(format_args!("{prefix}{measured}"))?;
    }
    for Baseline { name, metrics } in &report.baselines {
        let metrics: Vec<String> = metrics.iter().map(ToString::to_string).collect();
        output::line(format_args!("{name}: {}", metrics.join(", ")))?;
    }
    Ok(())
}

/// Prints the first examples, one line per named text.
pub(super) fn samples(report: &Report) -> anyhow::Result<()> {
    for sample in &report.samples {
        for (name, text) in sample {
            output::line(format_args!("{name:<11}  {}", output::one_line(text)))?;
        }
        output::line("")?;
    }
    Ok(())
}
