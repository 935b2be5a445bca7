//! `crosshead fill-mask`.

use crosshead::{Filled, Guess};
use serde_json::{Value, json};

use super::lines::{for_each_chunk, warn_if_cut};
use crate::args::{Compute, FillMask};
use crate::{device, output};

pub(crate) fn run(args: &FillMask, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let device = device::open(compute.device)?;
    let fill = crosshead::FillMask::from_pretrained(&texts.model, &device)?;
    for_each_chunk(&texts.texts, |chunk, first| {
        let filled = fill.fill(chunk, args.top.into())?;
        for ((number, text), filled) in (first..).zip(chunk).zip(filled) {
            warn_if_cut(filled.truncated, number, "text");
            if texts.json {
                output::line(to_json(text, &filled))?;
                continue;
            }
            output::line(&filled.text)?;
            for (mask, guesses) in (1..).zip(&filled.masks) {
                let guesses: Vec<String> = guesses.iter().map(show).collect();
                output::line(format_args!("  {mask}: {}", guesses.join(", ")))?;
            }
        }
        Ok(())
    })
}

fn show(guess: &Guess) -> String {
    format!("{} {:.3}", guess.text, guess.probability)
}

fn to_json(text: &str, filled: &Filled) -> Value {
    let guess = |guess: &Guess| json!({ "text": guess.text, "id": guess.id, "probability": guess.probability });
    let masks: Vec<Vec<Value>> =
        filled.masks.iter().map(|guesses| guesses.iter().map(guess).collect()).collect();
    json!({ "text": text, "filled": filled.text, "masks": masks })
}
