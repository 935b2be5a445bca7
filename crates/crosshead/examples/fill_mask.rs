//! Fills masks with a trained model:
//!
//! ```sh
//! cargo run --release -p crosshead --example fill_mask -- runs/masked-lm "The [MASK] swam in the sea."
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]

use burn::tensor::Device;
use crosshead::FillMask;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("usage: fill_mask MODEL_DIR TEXT…")?;
    let texts: Vec<String> = args.collect();
    let fill = FillMask::from_pretrained(dir, &Device::flex())?;
    for filled in fill.fill(&texts, 5)? {
        println!("{}", filled.text);
        for guesses in filled.masks {
            let guesses: Vec<String> = guesses
                .iter()
                .map(|guess| format!("{} {:.3}", guess.text, guess.probability))
                .collect();
            println!("  {}", guesses.join(", "));
        }
    }
    Ok(())
}
