//! Filling masks.

use crosshead_tasks::{FillMask, TaskError};

use crate::tiny::{LINES, assert_close, bpe, masked_lm, word_piece};

fn fill_mask() -> FillMask {
    let tokenizer = word_piece();
    FillMask::new(masked_lm(&tokenizer), tokenizer).unwrap()
}

#[test]
fn each_mask_has_its_guesses_sorted_by_probability() {
    let fill = fill_mask();
    let text = format!("the {mask} sat on the {mask}", mask = fill.mask());
    let filled = fill.fill(&[text], 4).unwrap().remove(0);
    assert_eq!(filled.masks.len(), 2);
    for guesses in &filled.masks {
        let probabilities: Vec<f32> = guesses.iter().map(|guess| guess.probability).collect();
        assert_eq!(probabilities.len(), 4);
        assert!(probabilities.is_sorted_by(|a, b| a >= b), "{probabilities:?}");
        assert!(probabilities.iter().sum::<f32>() <= 1.0 + 1e-5, "{probabilities:?}");
    }
    assert!(!filled.text.contains(&fill.mask()), "{}", filled.text);
}

#[test]
fn the_probabilities_of_all_tokens_sum_to_one() {
    let fill = fill_mask();
    let vocab_size = fill.tokenizer().vocab_size();
    let filled = fill.fill(&[format!("the {}", fill.mask())], vocab_size).unwrap().remove(0);
    let guesses = &filled.masks[0];
    assert_eq!(guesses.len(), vocab_size);
    let sum: f32 = guesses.iter().map(|guess| guess.probability).sum();
    assert!((sum - 1.0).abs() < 1e-4, "{sum}");
}

#[test]
fn batched_results_equal_single_results() {
    let fill = fill_mask();
    let mask = fill.mask();
    let texts = [format!("the old cat {mask} on the mat"), format!("a {mask}")];
    let batched = fill.fill(&texts, 3).unwrap();
    for (text, batched) in texts.iter().zip(&batched) {
        let alone = fill.fill(&[text], 3).unwrap().remove(0);
        assert_eq!(batched.text, alone.text);
        let probabilities = |masks: &[Vec<crosshead_tasks::Guess>]| -> Vec<f32> {
            masks.iter().flatten().map(|guess| guess.probability).collect()
        };
        assert_close(&probabilities(&batched.masks), &probabilities(&alone.masks));
    }
}

#[test]
fn a_text_without_a_mask_is_an_error() {
    let fill = fill_mask();
    let message = |text: &str| match fill.fill(&[text], 1).unwrap_err() {
        error @ TaskError::NoMask { .. } => error.to_string(),
        error => panic!("{error}"),
    };
    assert!(message("the cat").contains("has no [MASK]"));
    let late = format!("{} {}", LINES.join(" "), fill.mask());
    assert!(message(&late).contains("after the model's maximum length"));
}

#[test]
fn a_tokenizer_without_a_mask_is_an_error() {
    let tokenizer = bpe();
    assert!(FillMask::new(masked_lm(&word_piece()), tokenizer).is_err());
}
