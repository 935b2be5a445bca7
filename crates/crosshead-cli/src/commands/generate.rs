//! `crosshead generate`.

use crosshead::tasks::TaskError;
use crosshead::tokenize::ChatMessage;
use crosshead::{DecodeOptions, Flow, Generated, Generator, ModelTask, TextHooks};
use serde_json::{Map, Value, json};

use super::chat;
use super::hypotheses;
use super::lines::{Input, answer_each, warn_of_not_followed};
use super::quantize::compute_type;
use crate::args::{Compute, Generate, Loops};
use crate::{device, models, output};

pub(crate) fn run(args: &Generate, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let input = texts.open()?;
    let device = device::open(compute.device)?;
    let model = models::find(&texts.model, ModelTask::Generation)?;
    let compute_type = compute_type(&model, &texts.precision, &device)?;
    let files = crosshead::model_files(&model, texts.model.adapter.as_deref())?;
    let generator = Generator::from_files(&files, &device)?;
    let generator = generator.with_compute_type(compute_type);
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
        let Generated { text, stop, n_best, .. } = generated;
        if texts.json {
            let mut object = Map::new();
            object.insert("prompt".to_owned(), json!(prompt));
            object.insert("text".to_owned(), json!(text));
            object.insert("finished".to_owned(), json!(finished));
            hypotheses::complete(&mut object, Some(stop), &n_best, &args.results);
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

/// The decoding options of the command line.
pub(super) fn options(args: &Generate) -> DecodeOptions {
    DecodeOptions {
        max_tokens: args.max_tokens,
        ..args.results.in_options(args.decoding.options(Loops::Left))
    }
}

/// Streams the continuation of a single prompt, with its line breaks.
pub(super) fn stream(
    generator: &Generator,
    args: &Generate,
    prompts: &[String],
    options: &DecodeOptions,
) -> anyhow::Result<()> {
    if !args.chat {
        output::part(&prompts[0])?;
    }
    streamed(|hooks| generate(generator, args, prompts, options, hooks)).map(drop)
}

/// Prints what a generation writes as it is written, then a line break, and returns it.
pub(super) fn streamed(
    generate: impl FnOnce(TextHooks<'_>) -> Result<Vec<Generated>, TaskError>,
) -> anyhow::Result<Vec<Generated>> {
    let mut written = Ok(());
    let mut on_text = |_: usize, text: &str| {
        if written.is_ok() {
            written = output::part(text);
        }
        if written.is_ok() { Flow::Continue } else { Flow::StopAll }
    };
    let generated = generate(TextHooks::none().with_on_text(&mut on_text))?;
    written?;
    generated.iter().for_each(|generated| warn_if_cut(generated, 1));
    output::line("")?;
    Ok(generated)
}

/// Generates the continuation of each prompt, or the answer to it.
fn generate(
    generator: &Generator,
    args: &Generate,
    prompts: &[String],
    options: &DecodeOptions,
    hooks: TextHooks<'_>,
) -> Result<Vec<Generated>, TaskError> {
    if !args.chat {
        return generator.generate_with(prompts, options, hooks);
    }
    let system = args.system.as_deref().map(|text| ChatMessage::new("system", text));
    let conversation = |prompt: &String| {
        system.iter().cloned().chain([ChatMessage::new("user", prompt.as_str())]).collect()
    };
    let conversations: Vec<Vec<ChatMessage>> = prompts.iter().map(conversation).collect();
    generator.chat_with(&conversations, options, hooks)
}

fn warn_if_cut(generated: &Generated, number: usize) {
    if generated.truncated {
        output::message(format_args!(
            "warning: prompt {number} is longer than the model's context; only its end was used"
        ));
    }
}
