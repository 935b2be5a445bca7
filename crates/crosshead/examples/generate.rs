//! Continues a prompt with a trained model and streams the text:
//!
//! ```sh
//! cargo run --release -p crosshead --example generate -- runs/language-model "Call me"
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]

use std::io::Write;

use burn::tensor::Device;
use crosshead::{DecodeOptions, Flow, Generator, TextHooks};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: generate MODEL_DIR PROMPT";
    let (dir, prompt) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    let generator = Generator::from_pretrained(dir, &Device::flex())?;
    print!("{prompt}");
    let options = DecodeOptions { temperature: Some(0.7), ..DecodeOptions::default() };
    let mut on_text = |_: usize, text: &str| {
        print!("{text}");
        match std::io::stdout().flush() {
            Ok(()) => Flow::Continue,
            // Nobody reads the output any more.
            Err(_) => Flow::StopAll,
        }
    };
    generator.generate_with(&[prompt], &options, TextHooks::none().with_on_text(&mut on_text))?;
    println!();
    Ok(())
}
