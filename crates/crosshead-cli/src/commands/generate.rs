//! `crosshead generate`.

use crosshead::{Generator, SampleOptions};
use serde_json::json;

use super::lines::for_each_chunk;
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
    for_each_chunk(&texts.texts, |prompts, first| {
        let streamed = prompts.len() == 1 && !texts.json;
        if streamed {
            output::part(&prompts[0])?;
        }
        let mut written = Ok(());
        let generated = generator.generate_with(prompts, &options, |_, text| {
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
                output::line(format_args!("{prompt}{}", generated.text))?;
            }
        }
        Ok(())
    })
}
