//! Attention maps as blocks of a terminal.

use crosshead::tasks::{AttentionMap, AttentionToken};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The blocks, and the part of the largest weight from which each is used.
const SHADES: [Shade; 4] = [
    Shade { block: '█', from: 0.75 },
    Shade { block: '▓', from: 0.5 },
    Shade { block: '▒', from: 0.25 },
    Shade { block: '░', from: 0.1 },
];

struct Shade {
    block: char,
    from: f32,
}

/// Terminal columns of a cell.
const CELL: usize = 2;
/// The fewest cells of a line.
const MIN_CELLS: usize = 8;

/// Draws a map: queries are rows; keys are columns, with their names from top to bottom. Columns that do not fit into `width` are
/// drawn below the others.
pub(super) fn draw(title: &str, map: &AttentionMap, width: Option<usize>) -> String {
    let rows: Vec<String> = map.queries().iter().map(label).collect();
    let columns: Vec<Vec<String>> = map.keys().iter().map(|key| characters(&label(key))).collect();
    let left = rows.iter().map(|row| row.width()).max().unwrap_or(0);
    let largest = map.weights().iter().flatten().copied().fold(0.0, f32::max);
    let at_once =
        width.map_or(columns.len(), |width| (width.saturating_sub(left + 1) / CELL).max(MIN_CELLS));
    let mut text = format!("{title}\n");
    for start in (0..columns.len()).step_by(at_once.max(1)) {
        let shown = start..columns.len().min(start + at_once);
        text.push('\n');
        heads(&mut text, &columns[shown.clone()], left);
        for (row, weights) in rows.iter().zip(map.weights()) {
            let cells: String =
                weights[shown.clone()].iter().map(|&weight| cell(weight, largest)).collect();
            let line = format!("{}{row} {cells}", " ".repeat(left - row.width()));
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    let legend: Vec<String> = SHADES
        .iter()
        .map(|shade| format!("{} ≥ {:.2}", shade.block, shade.from * largest))
        .collect();
    text + &format!("\n{}, largest {largest:.3}\n\n", legend.join("  "))
}

/// The names of columns, from top to bottom and ending above the first row.
fn heads(text: &mut String, columns: &[Vec<String>], left: usize) {
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut head = " ".repeat(left + 1);
        for column in columns {
            let character = (line + column.len()).checked_sub(height).map(|at| column[at].as_str());
            let character = character.unwrap_or_default();
            head.push_str(character);
            head.push_str(&" ".repeat(CELL.saturating_sub(character.width())));
        }
        text.push_str(head.trim_end());
        text.push('\n');
    }
}

fn cell(weight: f32, largest: f32) -> String {
    let shade = SHADES.iter().find(|shade| weight > 0.0 && weight >= shade.from * largest);
    shade.map_or(' ', |shade| shade.block).to_string().repeat(CELL)
}

/// The text of a token, with control characters spelled out.
fn label(token: &AttentionToken) -> String {
    let spell = |c: char| {
        if c.is_control() { c.escape_default().to_string() } else { c.to_string() }
    };
    token.text.chars().map(spell).collect()
}

/// The characters of a text, with the marks that combine with them.
fn characters(text: &str) -> Vec<String> {
    let mut characters: Vec<String> = Vec::new();
    for character in text.chars() {
        match characters.last_mut() {
            Some(last) if character.width() == Some(0) => last.push(character),
            Some(_) | None => characters.push(character.to_string()),
        }
    }
    characters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_are_parts_of_the_largest_weight() {
        let cells = [0.4, 0.35, 0.25, 0.15, 0.05, 0.01, 0.0].map(|weight| cell(weight, 0.4));
        assert_eq!(cells, ["██", "██", "▓▓", "▒▒", "░░", "  ", "  "]);
        assert_eq!(cell(0.0, 0.0), "  ");
    }

    #[test]
    fn names_of_columns_end_above_the_first_row() {
        let mut text = String::new();
        let columns = ["ab", "e\u{301}", "中国語"].map(characters);
        heads(&mut text, &columns, 1);
        assert_eq!(text, "      中\n  a   国\n  b e\u{301} 語\n");
    }
}
