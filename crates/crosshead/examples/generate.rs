//! Continues a prompt with a trained model and shows each piece of text as it is generated:
//!
//! ```sh
//! cargo run --release -p crosshead --example generate -- runs/language-model "Call me"
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]

use std::io::Write;

use burn::tensor::Device;
use crosshead::{Generator, SampleOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: generate MODEL_DIR PROMPT";
    let (dir, prompt) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    let generator = Generator::from_pretrained(dir, &Device::flex())?;
    print!("{prompt}");
    let options = SampleOptions { temperature: Some(0.7), ..SampleOptions::default() };
    generator.generate_with(&[prompt], &options, |_, text| {
        print!("{text}");
        // Whoever watches sees each piece at once; a closed pipe shows in the next print.
        let _ = std::io::stdout().flush();
    })?;
    println!();
    Ok(())
}
