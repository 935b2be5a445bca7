//! `crosshead generate`.

use crosshead::{Generated, Generator, SampleOptions};
use serde_json::json;

use super::lines::{answer_each, are_lines};
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
        drawn_before: 0,
    };
    if let [prompt] = texts.texts.as_slice()
        && !texts.json
        && !are_lines(&texts.texts)
    {
        return stream(&generator, prompt, &options);
    }
    let answer = |prompts: &[String], first: usize| {
        Ok(generator.generate(prompts, &SampleOptions { drawn_before: first - 1, ..options })?)
    };
    answer_each(&texts.texts, answer, |number, prompt, generated| {
        warn_if_cut(&generated, number);
        let Generated { text, finished, .. } = generated;
        if texts.json {
            return output::line(json!({ "prompt": prompt, "text": text, "finished": finished }));
        }
        output::line(output::one_line(&format!("{prompt}{text}")))
    })
}

/// Writes on a prompt as the model goes, with the line breaks that it writes.
fn stream(generator: &Generator, prompt: &str, options: &SampleOptions) -> anyhow::Result<()> {
    output::part(prompt)?;
    let mut written = Ok(());
    let generated = generator.generate_with(&[prompt], options, |_, text| {
        if written.is_ok() {
            written = output::part(text);
        }
    })?;
    written?;
    generated.iter().for_each(|generated| warn_if_cut(generated, 1));
    output::line("")
}

fn warn_if_cut(generated: &Generated, number: usize) {
    if generated.truncated {
        output::message(format_args!(
            "warning: prompt {number} is longer than the model reads at once; its end was read"
        ));
    }
}
