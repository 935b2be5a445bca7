//! Results as text and as LaTeX.

use crosshead::metrics::PairedTest;

use super::results::{Measured, Results, SystemResult};
use crate::output;

/// A p-value below this is marked.
const LEVEL: f64 = 0.05;

/// sacreBLEU's lines for one system, or a table of several with the signatures below it.
pub(super) fn text(results: &Results, decimals: usize) -> String {
    match results.systems.as_slice() {
        [system] => lines(results, system, decimals),
        _ => table(results, decimals),
    }
}

/// A line per metric, aligned at the score.
fn lines(results: &Results, system: &SystemResult, decimals: usize) -> String {
    let heads: Vec<String> = results
        .metrics
        .iter()
        .map(|metric| format!("{}|{}", metric.name, metric.signature))
        .collect();
    let width = heads.iter().map(|head| head.chars().count()).max().unwrap_or_default();
    let lines = heads.iter().zip(&system.scores).map(|(head, measured)| {
        let mut line = format!("{head:>width$} = {:.decimals$}", measured.score);
        if let Some(confidence) = measured.confidence {
            let (mean, half_width) = (confidence.mean, confidence.half_width);
            line += &format!(" (μ = {mean:.decimals$} ± {half_width:.decimals$})");
        }
        match &measured.details {
            Some(details) => format!("{line} {details}"),
            None => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn table(results: &Results, decimals: usize) -> String {
    let mut rows = vec![header(results)];
    rows.extend(results.systems.iter().map(|system| {
        let scores = cells(results, system, decimals);
        std::iter::once(output::field(&system.name)).chain(scores).collect()
    }));
    let len = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| len(&row[column])).max().unwrap_or_default())
        .collect();
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect();
    if let Some(test) = results.paired {
        lines.push(String::new());
        lines.push(explanation(test, &output::field(&results.systems[0].name)));
    }
    lines.push(String::new());
    let width = results.metrics.iter().map(|metric| metric.name.len()).max().unwrap_or_default();
    for metric in &results.metrics {
        lines.push(format!("{:<width$}  {}", metric.name, metric.signature));
    }
    lines.join("\n")
}

/// A `tabular` with the rules of booktabs; the signatures are comments below it.
pub(super) fn latex(results: &Results, decimals: usize) -> String {
    let columns = "r".repeat(results.metrics.len());
    let row = |cells: Vec<String>| format!("{} \\\\", cells.join(" & "));
    let mut lines = vec![format!("\\begin{{tabular}}{{l{columns}}}"), "\\toprule".to_owned()];
    lines.push(row(header(results)));
    lines.push("\\midrule".to_owned());
    for system in &results.systems {
        let scores = cells(results, system, decimals)
            .map(|cell| cell.replace('±', "$\\pm$").replace("p =", "$p$ ="));
        let name = escape(&output::field(&system.name));
        lines.push(row(std::iter::once(name).chain(scores).collect()));
    }
    lines.extend(["\\bottomrule", "\\end{tabular}"].map(str::to_owned));
    if let Some(test) = results.paired {
        lines.push(format!("% {}", explanation(test, &output::field(&results.systems[0].name))));
    }
    for metric in &results.metrics {
        lines.push(format!("% {}  {}", metric.name, metric.signature));
    }
    lines.join("\n")
}

fn header(results: &Results) -> Vec<String> {
    let names = results.metrics.iter().map(|metric| metric.name.clone());
    std::iter::once("system".to_owned()).chain(names).collect()
}

/// The scores of a system, compared with those of the first.
fn cells<'r>(
    results: &'r Results,
    system: &'r SystemResult,
    decimals: usize,
) -> impl Iterator<Item = String> + 'r {
    let pairs = system.scores.iter().zip(&results.systems[0].scores);
    pairs.map(move |(measured, baseline)| cell(measured, baseline, decimals))
}

/// A score with its confidence interval and p-value, such as `27.3 (27.4 ± 0.9, p = 0.0120*)`. The p-value of equal scores
/// is not marked.
fn cell(measured: &Measured, baseline: &Measured, decimals: usize) -> String {
    let confidence = measured.confidence.map(|confidence| {
        let (mean, half_width) = (confidence.mean, confidence.half_width);
        format!("{mean:.decimals$} ± {half_width:.decimals$}")
    });
    let p_value = measured.p_value.map(|p_value| {
        let is_marked = p_value < LEVEL && measured.score != baseline.score;
        format!("p = {p_value:.4}{}", if is_marked { "*" } else { "" })
    });
    let more: Vec<String> = confidence.into_iter().chain(p_value).collect();
    if more.is_empty() {
        format!("{:.decimals$}", measured.score)
    } else {
        format!("{:.decimals$} ({})", measured.score, more.join(", "))
    }
}

fn explanation(test: PairedTest, baseline: &str) -> String {
    let method = match test {
        PairedTest::Bootstrap => "paired bootstrap resampling",
        PairedTest::Randomization => "paired approximate randomization",
    };
    format!(
        "p: the probability of a difference to {baseline} at least as large if both were the same \
         system ({method}); *: below {LEVEL}"
    )
}

/// A text with LaTeX's special characters escaped.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}
