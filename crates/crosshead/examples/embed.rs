//! Ranks sentences by their similarity to a question:
//!
//! ```sh
//! cargo run --release -p crosshead --example embed -- all-MiniLM-L6-v2 "Where is the cat?" "The cat is here." "It rains."
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]

use burn::tensor::Device;
use crosshead::{Embedder, cosine};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("usage: embed MODEL_DIR QUESTION SENTENCE…")?;
    let texts: Vec<String> = args.collect();
    let embedder = Embedder::from_pretrained(dir, &Device::flex())?;
    let vectors = embedder.embed(&texts)?;
    let (question, sentences) =
        vectors.split_first().ok_or("usage: embed MODEL_DIR QUESTION SENTENCE…")?;
    let similarity = sentences.iter().map(|vector| cosine(question, vector));
    let mut ranked: Vec<(f32, &String)> = similarity.zip(&texts[1..]).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (similarity, sentence) in ranked {
        println!("{similarity:.4}  {sentence}");
    }
    Ok(())
}
