//! `crosshead generate`.

use crosshead::tokenize::ChatMessage;
use crosshead::{Error, Generated, Generator, SampleOptions};
use serde_json::json;

use super::lines::{for_each_chunk, warn_of_not_followed};
use crate::args::{Compute, Generate};
use crate::{device, output};

pub(crate) fn run(args: &Generate, compute: &Compute) -> anyhow::Result<()> {
    let texts = &args.texts;
    let generator = Generator::from_pretrained(&texts.model, &device::open(compute.device)?)?;
    let options = SampleOptions {
        max_tokens: args.max_tokens,
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        seed: args.seed,
    };
    warn_of_not_followed(&generator.not_followed(&options));
    for_each_chunk(&texts.texts, |prompts, first| {
        let streamed = prompts.len() == 1 && !texts.json;
        if streamed && !args.chat {
            output::part(&prompts[0])?;
        }
        let mut written = Ok(());
        let generated = generate(&generator, args, prompts, &options, |text| {
            if streamed && written.is_ok() {
                written = output::part(text);
            }
        })?;
        written?;
        for ((number, prompt), generated) in (first..).zip(prompts).zip(generated) {
            if generated.truncated {
                output::message(format_args!(
                    "warning: prompt {number} is longer than the model reads at once; its end was read"
                ));
            }
            if texts.json {
                let finished = generated.finished;
                output::line(
                    json!({ "prompt": prompt, "text": generated.text, "finished": finished }),
                )?;
            } else if streamed {
                output::line("")?;
            } else {
                // An answer stands for itself.
                let prompt = if args.chat { "" } else { prompt.as_str() };
                output::line(format_args!("{prompt}{}", generated.text))?;
            }
        }
        Ok(())
    })
}

/// What the model writes after each prompt, or answers to it.
fn generate(
    generator: &Generator,
    args: &Generate,
    prompts: &[String],
    options: &SampleOptions,
    mut on_text: impl FnMut(&str),
) -> Result<Vec<Generated>, Error> {
    if !args.chat {
        return generator.generate_with(prompts, options, |_, text| on_text(text));
    }
    let system = args.system.as_deref().map(|text| ChatMessage::new("system", text));
    let conversation = |prompt: &String| {
        system.iter().cloned().chain([ChatMessage::new("user", prompt.as_str())]).collect()
    };
    let conversations: Vec<Vec<ChatMessage>> = prompts.iter().map(conversation).collect();
    generator.chat_with(&conversations, options, |_, text| on_text(text))
}
