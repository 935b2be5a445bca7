//! `crosshead fill-mask`.

use crosshead::{Filled, Guess, ModelTask};
use serde_json::{Value, json};

use super::lines::{answer_each, warn_if_cut};
use super::quantize::compute_type;
use crate::args::{Compute, FillMask};
use crate::{device, models, output};

pub(crate) fn run(args: &FillMask, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let input = texts.open()?;
    let device = device::open(compute.device)?;
    let model = models::find(&texts.model, ModelTask::FillMask)?;
    let compute_type = compute_type(&model, &texts.precision, &device)?;
    let files = crosshead::model_files(&model, texts.model.adapter.as_deref())?;
    let fill = crosshead::FillMask::from_files(&files, &device)?;
    let fill = fill.with_compute_type(compute_type);
    let answer = |texts: &[String], _| {
        // A blank line has no mask; its output is blank.
        let is_blank = |text: &str| text.trim().is_empty();
        let with_text: Vec<&String> = texts.iter().filter(|text| !is_blank(text)).collect();
        let mut filled = fill.fill(&with_text, args.top.into())?.into_iter();
        let of = |text: &String| if is_blank(text) { None } else { filled.next() };
        Ok(texts.iter().map(of).map(Option::unwrap_or_default).collect::<Vec<Filled>>())
    };
    answer_each(input, answer, |number, text, filled| {
        warn_if_cut(filled.truncated, number, "text");
        if texts.json {
            return output::line(to_json(text, &filled));
        }
        output::line(output::one_line(&filled.text))?;
        for (mask, guesses) in (1..).zip(&filled.masks) {
            let guesses: Vec<String> = guesses.iter().map(show).collect();
            output::line(format_args!("  {mask}: {}", output::one_line(&guesses.join(", "))))?;
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
