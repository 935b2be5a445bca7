//! Attention maps as SVG.

use std::fmt::Write;

use super::axis::AttentionToken;
use super::map::AttentionMap;

/// Pixels of a cell.
const CELL: f32 = 18.0;
/// Pixels of the font.
const FONT: f32 = 12.0;
/// Pixels around a panel.
const MARGIN: f32 = 12.0;
/// Pixels of a panel's title.
const TITLE: f32 = 24.0;
/// The color of the largest weight.
const COLOR: &str = "#0072B2";

/// A map in a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionPanel {
    /// The title, such as the layer and the head.
    pub title: String,
    /// The map.
    pub map: AttentionMap,
}

/// Draws maps as SVG, `columns` side by side: queries are rows, keys are columns, and the darker a cell, the larger the weight;
/// the largest weight of a map has the full color. Each cell shows its words and its weight under the pointer.
pub fn attention_svg(panels: &[AttentionPanel], columns: usize) -> String {
    let columns = columns.clamp(1, panels.len().max(1));
    let (mut body, mut width, mut y) = (String::new(), 0.0_f32, 0.0);
    for row in panels.chunks(columns) {
        let (mut x, mut height) = (0.0, 0.0_f32);
        for panel in row {
            let size = draw(&mut body, panel, x, y);
            x += size.width;
            height = height.max(size.height);
        }
        width = width.max(x);
        y += height;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{y}\" viewBox=\"0 0 {width} {y}\" \
         font-family=\"sans-serif\" font-size=\"{FONT}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

/// The size of a panel.
struct Size {
    width: f32,
    height: f32,
}

fn draw(svg: &mut String, panel: &AttentionPanel, x: f32, y: f32) -> Size {
    let AttentionPanel { title, map } = panel;
    let (queries, keys) = (map.queries(), map.keys());
    let (left, top) = (MARGIN + longest(queries), MARGIN + TITLE + longest(keys));
    let largest = map.weights().iter().flatten().copied().fold(0.0, f32::max);
    // Writing to a string cannot fail.
    let mut line = |text: std::fmt::Arguments<'_>| {
        let _ = svg.write_fmt(text);
        svg.push('\n');
    };
    let title_y = y + MARGIN + FONT;
    line(format_args!(
        "<text x=\"{}\" y=\"{title_y}\" font-weight=\"bold\">{} (largest weight {largest:.2})</text>",
        x + MARGIN,
        escaped(title)
    ));
    for (index, token) in keys.iter().enumerate() {
        let (at, base) = (x + left + CELL * (index as f32 + 0.5) + FONT / 3.0, y + top - 4.0);
        line(format_args!(
            "<text transform=\"translate({at} {base}) rotate(-90)\">{}</text>",
            escaped(&token.text)
        ));
    }
    for (row, (query, weights)) in queries.iter().zip(map.weights()).enumerate() {
        let cell_y = y + top + CELL * row as f32;
        line(format_args!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            x + left - 4.0,
            cell_y + CELL / 2.0 + FONT / 3.0,
            escaped(&query.text)
        ));
        for (column, (key, &weight)) in keys.iter().zip(weights).enumerate() {
            let opacity = if largest > 0.0 { weight / largest } else { 0.0 };
            line(format_args!(
                "<rect x=\"{}\" y=\"{cell_y}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"{COLOR}\" fill-opacity=\"{opacity:.3}\" \
                 stroke=\"#ddd\" stroke-width=\"0.5\"><title>{} → {}: {weight:.3}</title></rect>",
                x + left + CELL * column as f32,
                escaped(&query.text),
                escaped(&key.text)
            ));
        }
    }
    let wide = width_of(title) + width_of(" (largest weight 0.00)") + 2.0 * MARGIN;
    Size {
        width: (left + CELL * keys.len() as f32 + MARGIN).max(wide),
        height: top + CELL * queries.len() as f32 + MARGIN,
    }
}

/// The width of the longest label.
fn longest(tokens: &[AttentionToken]) -> f32 {
    tokens.iter().map(|token| width_of(&token.text) + 6.0).fold(0.0, f32::max)
}

/// An estimate of the width of a text.
fn width_of(text: &str) -> f32 {
    text.chars().map(|c| if c.is_ascii() { 0.6 * FONT } else { FONT }).sum()
}

/// A text in XML. Characters that XML does not allow are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push(char::REPLACEMENT_CHARACTER);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crosshead_tokenize::TokenSpan;

    use super::*;
    use crate::attention::Axis;

    fn axis(words: &[&str]) -> Axis {
        let token = |(word, text): (usize, &&str)| AttentionToken {
            text: (*text).to_owned(),
            span: None::<TokenSpan>,
            word,
        };
        Axis { tokens: words.iter().enumerate().map(token).collect(), ..Axis::default() }
    }

    #[test]
    fn every_weight_is_a_cell_and_texts_are_escaped() {
        let map = AttentionMap {
            queries: axis(&["a", "</s>"]),
            keys: axis(&["x & y", "\u{1}", "中"]),
            weights: vec![vec![0.5, 0.25, 0.25], vec![0.0, 0.0, 1.0]],
        };
        let panel = AttentionPanel { title: "layer 1".to_owned(), map };
        let svg = attention_svg(&[panel.clone(), panel], 2);
        assert_eq!(svg.matches("<rect x=").count(), 12);
        assert_eq!(svg.matches("fill-opacity=\"1.000\"").count(), 2);
        assert_eq!(svg.matches("fill-opacity=\"0.500\"").count(), 2);
        assert!(svg.contains("a → x &amp; y: 0.500") && svg.contains("&lt;/s&gt; → 中: 1.000"));
        assert!(!svg.contains('\u{1}') && svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }
}
