//! Embeddings.

use crosshead_models::{Pooling, SentenceConfig, SentenceEncoder, SentenceStep};
use crosshead_tasks::{Embedder, Prompt, Purpose, cosine};

use crate::tiny::{LINES, assert_close, encoder, word_piece};

fn embedder() -> Embedder {
    let tokenizer = word_piece();
    let config = SentenceConfig {
        pooling: vec![Pooling::Mean],
        include_prompt: true,
        steps: vec![SentenceStep::Normalize],
    };
    Embedder::new(SentenceEncoder::new(encoder(&tokenizer), Vec::new(), config), tokenizer)
}

#[test]
fn batched_results_equal_single_results() {
    let texts = [LINES[1], "cat", LINES[4], "the rain", ""];
    for batch_size in [2, 32] {
        let embedder = embedder().with_batch_size(batch_size);
        let batched = embedder.embed(&texts).unwrap();
        for (text, batched) in texts.iter().zip(&batched) {
            assert_close(batched, &embedder.embed(&[text]).unwrap()[0]);
        }
        assert!(cosine(&batched[0], &batched[1]) < 0.999, "the model ignores the text");
    }
}

#[test]
fn a_model_that_normalizes_gives_unit_vectors() {
    for vector in embedder().embed(&LINES).unwrap() {
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn a_prompt_is_prepended_to_the_text() {
    let embedder = embedder();
    let with_prompt = |prompt| {
        embedder.embed_with(&["cat"], Purpose::Any, prompt, |_| {}).unwrap().remove(0).vector
    };
    assert_close(
        &with_prompt(Prompt::Text("the old ")),
        &embedder.embed(&["the old cat"]).unwrap()[0],
    );
    assert_close(&with_prompt(Prompt::Text("")), &with_prompt(Prompt::OfModel));
    let unknown = embedder.embed_with(&["cat"], Purpose::Any, Prompt::Named("query"), |_| {});
    assert!(unknown.unwrap_err().to_string().contains("query"));
}

#[test]
fn a_text_that_is_too_long_is_reported() {
    let long = LINES.join(" ");
    let mut done = 0;
    let embeddings = embedder()
        .embed_with(&["cat", long.as_str()], Purpose::Any, Prompt::OfModel, |count| done = count)
        .unwrap();
    assert_eq!(embeddings.iter().map(|found| found.truncated).collect::<Vec<_>>(), [false, true]);
    assert_eq!(done, 2);
}
