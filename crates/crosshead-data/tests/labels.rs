//! Label sets: order and errors.

use crosshead_data::{DataError, LabelSet, Row};

fn rows(labels: &[&str]) -> Vec<Row<2>> {
    let row =
        |(line, label): (usize, &&str)| Row { line, fields: [(*label).to_owned(), "text".into()] };
    (1..).zip(labels).map(row).collect()
}

fn names(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|&label| label.to_owned()).collect()
}

#[test]
fn labels_are_sorted_as_text_and_integers_by_value() {
    let set = LabelSet::of(["positive", "negative", "positive", "10"]).unwrap();
    assert_eq!(set.names(), ["10", "negative", "positive"]);
    assert_eq!(LabelSet::of(["10", "9", "-1", "9"]).unwrap().names(), ["-1", "9", "10"]);
}

#[test]
fn given_labels_keep_their_order() {
    let set = LabelSet::from_names(names(&["positive", "negative"])).unwrap();
    assert_eq!(
        (set.class("positive"), set.class("negative"), set.class("x")),
        (Some(0), Some(1), None)
    );
    assert_eq!(set.classes("a.tsv", &rows(&["negative", "positive"])).unwrap(), [1, 0]);
}

#[test]
fn an_unknown_label_is_an_error_with_file_and_line() {
    let set = LabelSet::of(["good", "bad"]).unwrap();
    let message = set.classes("valid.tsv", &rows(&["good", "so-so"])).unwrap_err().to_string();
    assert!(
        message.starts_with("valid.tsv, line 2: unknown label `so-so`; the labels are bad, good"),
        "{message}"
    );
}

#[test]
fn fewer_than_two_labels_and_repeated_labels_are_errors() {
    assert!(matches!(LabelSet::of(["a", "a"]), Err(DataError::TooFewLabels { count: 1 })));
    assert!(matches!(LabelSet::of([]), Err(DataError::TooFewLabels { count: 0 })));
    let twice = LabelSet::from_names(names(&["a", "b", "a"])).unwrap_err();
    assert!(matches!(twice, DataError::RepeatedLabel { label } if label == "a"));
}

#[test]
fn classes_without_examples_are_found() {
    let set = LabelSet::from_names(names(&["a", "b", "c"])).unwrap();
    assert_eq!(set.counts(&[0, 2, 2]), [1, 0, 2]);
    assert_eq!(set.without_examples(&[0, 2, 2]), ["b"]);
}
