//! How results are shown.

use crosshead::recipes::report::Report;

use crate::output;

/// Shows the figures, comparisons and the confusion, each figure behind `prefix`.
pub(super) fn figures(prefix: &str, report: &Report) -> anyhow::Result<()> {
    if let Some(confusion) = &report.confusion {
        let labels: Vec<String> = confusion.labels.iter().map(|name| output::field(name)).collect();
        output::line(format_args!("{}\n", confusion.matrix.table(&labels)))?;
    }
    for figure in &report.figures {
        output::line(format_args!("{prefix}{figure}"))?;
    }
    for (name, figures) in &report.beside {
        let figures: Vec<String> = figures.iter().map(ToString::to_string).collect();
        output::line(format_args!("{name}: {}", figures.join(", ")))?;
    }
    Ok(())
}

/// Shows the first examples, each part on one line.
pub(super) fn samples(report: &Report) -> anyhow::Result<()> {
    for sample in &report.samples {
        for (name, text) in sample {
            output::line(format_args!("{name:<11}  {}", output::one_line(text)))?;
        }
        output::line("")?;
    }
    Ok(())
}
