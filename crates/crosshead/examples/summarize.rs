//! Summarizes documents with a trained model:
//!
//! ```sh
//! cargo run --release -p crosshead --example summarize -- runs/summarize "Deletes the given queue. Its messages are lost."
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]

use burn::tensor::Device;
use crosshead::Summarizer;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("usage: summarize MODEL_DIR DOCUMENT…")?;
    let documents: Vec<String> = args.collect();
    let summarizer = Summarizer::from_pretrained(dir, &Device::flex())?;
    for summary in summarizer.summarize(&documents)? {
        println!("{summary}");
    }
    Ok(())
}
