//! Searches for sequences.

use crate::{CheckError, Finding};

/// Beam search with one beam finds what greedy search finds, row by row.
///
/// # Errors
/// With the first row whose tokens differ.
pub fn one_beam_equals_greedy_search(
    greedy: &[Vec<u32>],
    one_beam: &[Vec<u32>],
) -> Result<(), CheckError> {
    if greedy.iter().all(Vec::is_empty) {
        return Err(CheckError::vacuous("greedy search found no token"));
    }
    if greedy.len() != one_beam.len() {
        let (actual, expected) = (vec![one_beam.len()], vec![greedy.len()]);
        return Err(CheckError::new("number of rows", Finding::Shape { actual, expected }));
    }
    match greedy.iter().zip(one_beam).position(|(greedy, beam)| greedy != beam) {
        Some(row) => Err(CheckError::new(
            format!("row {row} of a search with one beam"),
            Finding::Tokens { actual: one_beam[row].clone(), expected: greedy[row].clone() },
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_tokens_pass_and_others_are_named_with_their_row() {
        let greedy = vec![vec![3, 0], vec![4, 5, 0]];
        one_beam_equals_greedy_search(&greedy, &greedy).unwrap();
        let error = one_beam_equals_greedy_search(&greedy, &[vec![3, 0], vec![4, 0]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 1 of a search with one beam: the tokens are [4, 0], expected [4, 5, 0]"
        );
        assert!(one_beam_equals_greedy_search(&greedy, &greedy[..1]).is_err());
    }

    #[test]
    fn a_search_that_finds_nothing_shows_nothing() {
        let error = one_beam_equals_greedy_search(&[vec![]], &[vec![]]).unwrap_err();
        assert!(matches!(error.finding(), Finding::Vacuous(_)));
    }
}
