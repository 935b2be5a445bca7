//! Continuations of prompts and answers in a chat, for `crosshead generate` and its prompt.

use crosshead::tasks::TaskError;
use crosshead::tokenize::ChatMessage;
use crosshead::{DecodeOptions, Flow, Generated, Generator, TextHooks};

use crate::args::{Generate, Loops};
use crate::output;

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
pub(super) fn generate(
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

/// Warns that a prompt was truncated.
pub(super) fn warn_if_cut(generated: &Generated, number: usize) {
    if generated.truncated {
        output::message(format_args!(
            "warning: prompt {number} is longer than the model's context; only its end was used"
        ));
    }
}
