//! `crosshead generate`.

use crosshead::{DecodeOptions, Generated, Generator, ModelTask, TextHooks};
use serde_json::{Map, Value, json};

use super::chat;
use super::continuation::{generate, options, stream, warn_if_cut};
use super::hypotheses;
use super::lines::{Input, answer_each, warn_of_not_followed};
use super::quantize::compute_type;
use crate::args::{Compute, Generate};
use crate::{device, models, output};

pub(crate) fn run(args: &Generate, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let input = texts.open()?;
    let device = device::open(compute.device)?;
    let model = models::find(&texts.model, ModelTask::Generation)?;
    let compute_type = compute_type(&model, &texts.precision, &device)?;
    let files = crosshead::model_files(&model, texts.model.adapter.as_deref())?;
    let generator = Generator::from_files(&files, &device)?;
    let mut generator = generator.with_compute_type(compute_type);
    if let Some(name) = &args.draft {
        let draft = models::locate(name)?;
        let draft = Generator::from_pretrained(&draft, &device)?;
        let draft = draft.with_compute_type(texts.precision.compute_type.into());
        generator = generator.with_draft(draft, args.draft_tokens.into())?;
    }
    let options = options(args);
    warn_of_not_followed(&generator.not_followed(&options));
    let lists = args.results.n_best.is_some_and(|n| n > 1);
    match input {
        Input::Prompt => return chat::run(&generator, args),
        Input::Texts(prompts @ [_]) if !texts.json && !lists => {
            return stream(&generator, args, prompts, &options);
        }
        Input::Texts(_) | Input::Lines(_) => {}
    }
    let answer = |prompts: &[String], first: usize| {
        let options = DecodeOptions { first_sequence: Some(first - 1), ..options.clone() };
        Ok(generate(&generator, args, prompts, &options, TextHooks::none())?)
    };
    answer_each(input, answer, |number, prompt, generated| {
        warn_if_cut(&generated, number);
        let finished = generated.finished();
        let Generated { text, stop, n_best, drafts, .. } = generated;
        if texts.json {
            let mut object = Map::new();
            object.insert("prompt".to_owned(), json!(prompt));
            object.insert("text".to_owned(), json!(text));
            object.insert("finished".to_owned(), json!(finished));
            hypotheses::complete(&mut object, Some(stop), &n_best, &args.results);
            hypotheses::add_drafts(&mut object, drafts);
            return output::line(Value::Object(object));
        }
        if n_best.len() > 1 || lists {
            return hypotheses::lines(number, &n_best);
        }
        // An answer in a chat does not repeat the prompt.
        let prompt = if args.chat { "" } else { prompt };
        output::line(output::one_line(&format!("{prompt}{text}")))
    })
}
