//! The segments with the worst score, or whose scores differ most between two systems.

use crosshead::metrics::{Best, Segment};
use serde_json::{Value, json};

use super::files::Corpus;
use super::metrics;
use crate::args::Score;
use crate::output;

/// The segments to show, the worst first.
pub(super) struct Worst {
    metric: String,
    segments: Vec<Ranked>,
}

/// A segment and its scores, in the order of the systems.
struct Ranked {
    index: usize,
    scores: Vec<f64>,
}

impl Ranked {
    /// The score of the second system minus that of the first.
    fn difference(&self) -> Option<f64> {
        match self.scores.as_slice() {
            [first, second] => Some(second - first),
            _ => None,
        }
    }
}

/// Ranks the segments by the first metric and takes the first `count`. Segments that two systems score alike are left out.
pub(super) fn find(args: &Score, corpus: &Corpus, count: usize) -> anyhow::Result<Worst> {
    let metric = metrics::of_segments(args)?;
    let references = corpus.references()?;
    let score = |hypothesis: &str, index: usize| {
        let references = references.of(index).to_vec();
        metric.value(&metric.statistics(&Segment { hypothesis, references }))
    };
    let mut segments: Vec<Ranked> = (0..corpus.systems[0].segments.len())
        .map(|index| {
            let systems = corpus.systems.iter();
            Ranked {
                index,
                scores: systems.map(|system| score(&system.segments[index], index)).collect(),
            }
        })
        .filter(|segment| segment.difference() != Some(0.0))
        .collect();
    let rank = |segment: &Ranked| match (segment.difference(), metric.best()) {
        (Some(difference), _) => -difference.abs(),
        (None, Best::Highest) => segment.scores[0],
        (None, Best::Lowest) => -segment.scores[0],
    };
    // A stable sort: of equally bad segments, the first.
    segments.sort_by(|one, other| rank(one).total_cmp(&rank(other)));
    segments.truncate(count);
    Ok(Worst { metric: metric.name(), segments })
}

impl Worst {
    pub(super) fn to_text(&self, corpus: &Corpus, decimals: usize) -> String {
        let references: Vec<String> = if corpus.streams().len() == 1 {
            vec!["reference".to_owned()]
        } else {
            (1..=corpus.streams().len()).map(|number| format!("reference {number}")).collect()
        };
        let names = corpus.systems.iter().map(|system| output::field(&system.name));
        let names: Vec<String> = references.into_iter().chain(names).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for segment in &self.segments {
            let scores: Vec<String> =
                segment.scores.iter().map(|score| format!("{score:.decimals$}")).collect();
            let mut head =
                format!("\nline {}: {} {}", segment.index + 1, self.metric, scores.join(" → "));
            if let Some(difference) = segment.difference() {
                head += &format!(" ({difference:+.decimals$})");
            }
            lines.push(head);
            let systems = corpus.systems.iter().map(|system| &system.segments);
            for (name, texts) in names.iter().zip(corpus.streams().iter().chain(systems)) {
                let text = output::one_line(&texts[segment.index]);
                lines.push(format!("  {name:<width$}  {text}").trim_end().to_owned());
            }
        }
        if lines.is_empty() {
            return format!("\nno segment has a different {}", self.metric);
        }
        lines.join("\n")
    }

    pub(super) fn to_json(&self, corpus: &Corpus) -> Value {
        let segments = self.segments.iter().map(|segment| {
            let texts = |texts: &Vec<String>| texts[segment.index].clone();
            let systems = corpus.systems.iter().zip(&segment.scores).map(|(system, score)| {
                let text = texts(&system.segments);
                json!({ "system": system.name, "score": score, "text": text })
            });
            let mut object = json!({
                "line": segment.index + 1,
                "metric": self.metric,
                "references": corpus.streams().iter().map(texts).collect::<Vec<_>>(),
                "systems": systems.collect::<Vec<_>>(),
            });
            if let Some(difference) = segment.difference() {
                object["difference"] = json!(difference);
            }
            object
        });
        segments.collect()
    }
}
