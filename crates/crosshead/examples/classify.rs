//! Classifies texts with a trained model:
//!
//! ```sh
//! cargo run --release -p crosshead --example classify -- runs/sentiment "A fine film." "Never again."
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]

use burn::tensor::Device;
use crosshead::Classifier;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("usage: classify MODEL_DIR TEXT…")?;
    let texts: Vec<String> = args.collect();
    let classifier = Classifier::from_pretrained(dir, &Device::flex())?;
    for (text, classified) in texts.iter().zip(classifier.classify(&texts)?) {
        println!("{text}");
        for label in classified.labels {
            println!("  {:.4}  {}", label.score, label.name);
        }
    }
    Ok(())
}
