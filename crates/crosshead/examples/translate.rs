//! Translates sentences with a trained model:
//!
//! ```sh
//! cargo run --release -p crosshead --example translate -- runs/translate-en-de "The end time is not valid."
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]

use burn::tensor::Device;
use crosshead::Translator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("usage: translate MODEL_DIR SENTENCE…")?;
    let sentences: Vec<String> = args.collect();
    let translator = Translator::from_pretrained(dir, &Device::flex())?;
    for translation in translator.translate(&sentences)? {
        println!("{translation}");
    }
    Ok(())
}
