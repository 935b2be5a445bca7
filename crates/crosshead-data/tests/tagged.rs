//! Sentences with tags, in CoNLL columns and in JSONL.

use crosshead_data::{Column, TagColumns, TagExample, TaggedSentence, collate_tags, parse_tagged};

fn parse(name: &str, text: &str, columns: &TagColumns) -> Result<Vec<TaggedSentence>, String> {
    parse_tagged(name, text.as_bytes(), columns).map_err(|error| error.to_string())
}

/// The words with their tags.
fn pairs(sentences: &[TaggedSentence]) -> Vec<Vec<String>> {
    let pair = |sentence: &TaggedSentence| {
        sentence.iter().map(|word| format!("{}/{}", word.word, word.tag)).collect()
    };
    sentences.iter().map(pair).collect()
}

#[test]
fn the_formats_give_the_same_sentences() {
    let expected = [vec!["EU/B-ORG", "rejects/O"], vec!["Peter/B-PER", "Blackburn/I-PER"]];
    let default = TagColumns::default();
    let conll = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n\nPeter NNP B-NP B-PER\r\nBlackburn NNP I-NP I-PER";
    let found = parse("a.conll", conll, &default).unwrap();
    assert_eq!(pairs(&found), expected);
    assert_eq!(found[1][1].line, 8);
    let tabs = "EU\tB-ORG\nrejects\tO\n\nPeter\tB-PER\nBlackburn\tI-PER\n";
    assert_eq!(pairs(&parse("a.tsv", tabs, &default).unwrap()), expected);
    let tags_first = "B-ORG EU x\nO rejects x\n\nB-PER Peter x\nI-PER Blackburn x\n";
    let columns = TagColumns { words: Some(Column::Number(2)), tags: Some(Column::Number(1)) };
    assert_eq!(pairs(&parse("a.txt", tags_first, &columns).unwrap()), expected);
    let jsonl = "{\"tokens\": [\"EU\", \"rejects\"], \"tags\": [\"B-ORG\", \"O\"]}\n{\"tokens\": [\"Peter\", \"Blackburn\"], \"tags\": [\"B-PER\", \"I-PER\"]}\n";
    assert_eq!(pairs(&parse("a.jsonl", jsonl, &default).unwrap()), expected);
    let numbers = "{\"w\": [\"EU\"], \"ner\": [3]}";
    let columns = TagColumns { words: Some("w".into()), tags: Some("ner".into()) };
    assert_eq!(pairs(&parse("a.json", numbers, &columns).unwrap()), [["EU/3"]]);
}

#[test]
fn errors_name_the_line() {
    let default = TagColumns::default();
    for (name, text, parts) in [
        ("a.conll", "EU B-ORG\nrejects\n", ["line 2", "1 column"]),
        ("a.conll", "EU\nrejects\n", ["line 1", "its tag"]),
        ("a.conll", "EU\tO\n\tO\n", ["line 2", "word is empty"]),
        ("a.conll", "\n\n", ["a.conll", "empty"]),
        ("a.jsonl", "{\"tokens\": [\"EU\"]}", ["line 1", "`tags` is not a list"]),
        ("a.jsonl", "{\"tokens\": [\"EU\"], \"tags\": []}", ["line 1", "one tag"]),
        ("a.jsonl", "{\"tokens\": [null], \"tags\": [1]}", ["line 1", "null"]),
        ("a.jsonl", "x", ["line 1", "JSON"]),
    ] {
        let message = parse(name, text, &default).unwrap_err();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
    let columns = TagColumns { tags: Some(Column::Number(3)), ..TagColumns::default() };
    let message = parse("a.conll", "EU O\n", &columns).unwrap_err();
    assert!(message.contains("no column 3") && message.contains("1 to 2"), "{message}");
}

#[test]
fn only_tokens_with_a_class_have_a_target() {
    let examples = [
        TagExample { ids: vec![1, 2], classes: vec![None, Some(0)] },
        TagExample { ids: vec![3, 4, 5], classes: vec![Some(2), None, Some(1)] },
    ];
    let batch = collate_tags(&examples, &[1, 0], 9, 99);
    assert_eq!(batch.ids, [3, 4, 5, 1, 2, 9]);
    assert_eq!(batch.targets, [2, 99, 1, 99, 0, 99]);
    assert_eq!((batch.lengths, batch.n_targets), (vec![3, 2], 3));
}
