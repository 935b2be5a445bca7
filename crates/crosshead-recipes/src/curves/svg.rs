//! Drawing the curves of runs.

use std::collections::BTreeSet;
use std::ops::Range;

use plotters::prelude::*;

use super::log::{LEARNING_RATE, LOSS, Points, RunCurves, VALID_LOSS};
use crate::RunError;

/// Pixels of one panel.
const PANEL: (u32, u32) = (560, 320);

/// The colors of runs (Okabe & Ito 2008: distinct for color-blind readers), which repeat after the last.
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

const FONT: &str = "sans-serif";

/// A panel: its title, and the curve drawn for each run.
struct Panel {
    title: String,
    /// A curve of every step, drawn in pale color.
    pale: Option<&'static str>,
    curve: String,
}

/// The curves of runs as SVG: one panel for the loss, one for each validation metric and one for the learning rate.
///
/// # Errors
/// If there are no curves.
pub(super) fn draw(runs: &[RunCurves]) -> Result<String, RunError> {
    let metrics: BTreeSet<&str> = runs.iter().flat_map(RunCurves::metrics).collect();
    let loss = Panel {
        title: "loss: training (pale) and validation".to_owned(),
        pale: Some(LOSS),
        curve: VALID_LOSS.to_owned(),
    };
    let metric = |name: &str| Panel {
        title: name.trim_start_matches("valid_").replace('_', " ") + " (validation)",
        pale: None,
        curve: name.to_owned(),
    };
    let rate =
        Panel { title: "learning rate".to_owned(), pale: None, curve: LEARNING_RATE.to_owned() };
    let panels: Vec<Panel> =
        std::iter::once(loss).chain(metrics.into_iter().map(metric)).chain([rate]).collect();
    let rows = panels.len().div_ceil(2);
    let mut svg = String::new();
    let size = (2 * PANEL.0, rows as u32 * PANEL.1);
    let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    for (area, panel) in root.split_evenly((rows, 2)).iter().zip(&panels) {
        draw_panel(area, panel, runs)?;
    }
    root.present().map_err(failed)?;
    drop(root);
    Ok(svg)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw_panel(area: &Area<'_>, panel: &Panel, runs: &[RunCurves]) -> Result<(), RunError> {
    let of_run = |run: &RunCurves| {
        let pale = panel.pale.map_or_else(Points::new, |name| run.points(name));
        (pale, run.points(&panel.curve))
    };
    let curves: Vec<(Points, Points)> = runs.iter().map(of_run).collect();
    let all = || curves.iter().flat_map(|(pale, curve)| pale.iter().chain(curve));
    let Some((steps, values)) = range(all().map(|at| at.0)).zip(range(all().map(|at| at.1))) else {
        return Ok(());
    };
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, (FONT, 16))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(64)
        .build_cartesian_2d(steps, values)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|value| label(*value))
        .x_desc("step")
        .label_style((FONT, 12))
        .draw()
        .map_err(failed)?;
    let colored = runs.iter().zip(curves).zip(COLORS.iter().cycle());
    for ((run, (pale, curve)), &color) in colored {
        let markers = curve.len() <= 60;
        let points = curve.clone();
        chart.draw_series(LineSeries::new(pale, color.mix(0.3))).map_err(failed)?;
        let drawn =
            chart.draw_series(LineSeries::new(curve, color.stroke_width(2))).map_err(failed)?;
        if !run.name.is_empty() {
            drawn.label(&run.name).legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2))
            });
        }
        if markers {
            let circles = points.into_iter().map(|at| Circle::new(at, 3, color.filled()));
            chart.draw_series(circles).map_err(failed)?;
        }
    }
    if runs.iter().any(|run| !run.name.is_empty()) {
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.2))
            .label_font((FONT, 12))
            .draw()
            .map_err(failed)?;
    }
    Ok(())
}

/// The range of values with a margin; none without values.
fn range(values: impl Iterator<Item = f64>) -> Option<Range<f64>> {
    let bounds = values.fold(None, |bounds: Option<(f64, f64)>, value| {
        let (low, high) = bounds.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    bounds.map(|(low, high)| {
        let margin = match (high - low) * 0.03 {
            0.0 => (high.abs() * 0.05).max(1e-9),
            margin => margin,
        };
        low - margin..high + margin
    })
}

/// A value on an axis.
fn label(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.01 => format!("{value:.1e}"),
        size if size < 10.0 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    }
}

fn failed<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> RunError {
    RunError::Plot { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, log: &str) -> RunCurves {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("log.jsonl"), log).unwrap();
        RunCurves::read(folder.path(), name.to_owned()).unwrap()
    }

    /// The numbers of circles of each color: one for each validation.
    fn circles(svg: &str, color: RGBColor) -> usize {
        let color = format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2);
        svg.lines().filter(|line| line.contains("<circle") && line.contains(&color)).count()
    }

    #[test]
    fn every_run_and_every_validation_is_drawn() {
        let first = "{\"step\":1,\"loss\":3.0,\"learning_rate\":0.1}\n{\"step\":1,\"valid_loss\":2.0,\"valid_bleu\":4.0}\n\
                     {\"step\":2,\"loss\":2.0,\"learning_rate\":0.1}\n{\"step\":2,\"valid_loss\":1.0,\"valid_bleu\":5.0}\n";
        let second = "{\"step\":1,\"loss\":3.0}\n{\"step\":3,\"valid_loss\":1.0}\n";
        let svg = draw(&[run("first run", first), run("<second>", second)]).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for text in ["first run", "&lt;second&gt;", "bleu (validation)", "learning rate", "loss:"] {
            assert!(svg.contains(text), "{text}");
        }
        // Two validation losses, two BLEU scores, two learning rates.
        assert_eq!(circles(&svg, COLORS[0]), 6);
        assert_eq!(circles(&svg, COLORS[1]), 1);
    }
}
