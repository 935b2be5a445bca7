//! `crosshead attention`, and alignments of translations (`tests/fixtures/export_alignments.py`).

use std::fs;

use serde_json::Value;

use crate::harness::{Folder, assert_names, stderr};
use crate::translators::{assemble, repository};

/// A folder with the model of a fixture in `model`.
fn folder(fixture: &str) -> Folder {
    let folder = Folder::empty();
    fs::create_dir(folder.path("model")).unwrap();
    for file in fs::read_dir(repository().join("tests/fixtures").join(fixture)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path("model").join(file.file_name())).unwrap();
    }
    folder
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    let row = |row: &Value| -> Vec<f64> {
        row.as_array().unwrap().iter().map(|weight| weight.as_f64().unwrap()).collect()
    };
    value.as_array().unwrap().iter().map(row).collect()
}

#[track_caller]
fn assert_near(found: &[Vec<f64>], expected: &[Vec<f64>], name: &str) {
    let sizes = |rows: &[Vec<f64>]| rows.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes(found), sizes(expected), "{name}");
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() < 1e-4, "{name}: {found} instead of {expected}");
    }
}

#[test]
fn alignments_are_those_of_transformers() {
    let (folder, _) = assemble("marian");
    let path = repository().join("tests/fixtures/translators/alignments.json");
    let cases: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = cases.as_array().unwrap();
    let mut args =
        vec!["translate", "--model", "model", "--to", "fra", "--json", "--alignments=soft"];
    // The reference has the repetitions of this random model.
    args.extend(["--alignment-layer", "2", "--no-loop-guard"]);
    args.extend(cases.iter().map(|case| case["line"].as_str().unwrap()));
    let found = folder.ok(&args);
    assert_eq!(found.lines().count(), cases.len());
    for (found, case) in found.lines().zip(cases) {
        let found: Value = serde_json::from_str(found).unwrap();
        let (found, name) = (&found["alignments"], case["line"].as_str().unwrap());
        assert_eq!(strings(&found["source"]), strings(&case["source"]), "{name}");
        assert_eq!(strings(&found["target"]), strings(&case["target"]), "{name}");
        let weights = matrix(&found["weights"]);
        assert_near(&weights, &matrix(&case["weights"]), name);
        for (index, link) in matrix(&found["links"]).iter().enumerate() {
            assert_eq!(link[1] as usize, index, "{name}");
            let largest = weights[index].iter().copied().fold(0.0, f64::max);
            assert_eq!(weights[index][link[0] as usize], largest, "{name}");
        }
    }
}

#[test]
fn alignments_of_a_text_are_those_of_its_sentences() {
    let (folder, _) = assemble("marian");
    let sentences = ["The end time is not valid.", "Who is it?"];
    let text = sentences.join("  ");
    let run = |texts: &[&str]| {
        let args = ["translate", "--model", "model", "--to", "fra", "--json", "--alignments"];
        let lines = folder.ok(&[&args[..], texts].concat());
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let (whole, parts) = (run(&[&text]), run(&sentences));
    let whole = &whole[0]["alignments"];
    assert!(whole.get("weights").is_none());
    let joined = |side: &str| -> Vec<String> {
        parts
            .iter()
            .flat_map(|part| strings(&part["alignments"][side]))
            .map(str::to_owned)
            .collect()
    };
    for side in ["source", "target"] {
        assert_eq!(strings(&whole[side]), joined(side));
    }
    let counts = ["source", "target"].map(|side| strings(&parts[0]["alignments"][side]).len());
    let mut links = matrix(&parts[0]["alignments"]["links"]);
    let shifted = |link: Vec<f64>| vec![link[0] + counts[0] as f64, link[1] + counts[1] as f64];
    links.extend(matrix(&parts[1]["alignments"]["links"]).into_iter().map(shifted));
    assert_eq!(matrix(&whole["links"]), links);
}

#[test]
fn alignments_need_json_and_an_existing_layer() {
    let (folder, _) = assemble("marian");
    let output =
        folder.command(&["translate", "--model", "model", "--alignments", "a"]).output().unwrap();
    assert_names(&stderr(&output), &["--json"]);
    let args = ["translate", "--model", "model", "--to", "fra", "--json", "--alignments"];
    let message = folder.fails(&[&args[..], &["--alignment-layer", "9", "the cat"]].concat());
    assert_names(&message, &["--alignment-layer 9", "2 layers"]);
}

#[test]
fn a_translation_is_shown_with_its_words_on_both_axes() {
    let (folder, expected) = assemble("marian");
    let pair = &expected["translations"][0];
    let line = pair[0].as_str().unwrap();
    let base = ["attention", "--model", "model", "--to", "fra", "--words"];
    let args = |more: &[&str]| folder.ok(&[&base[..], more, &[line]].concat());
    let json: Value = serde_json::from_str(&args(&["--json"])).unwrap();
    assert_eq!((&json["kind"], &json["target"]), (&"cross".into(), &pair[1]));
    assert_eq!(json["maps"][0]["layer"], 2);
    assert_eq!(json["n_layers"], 2);
    assert_eq!(json["maps"][0]["head"], "mean");
    let keys = strings(&json["keys"]);
    assert_eq!(keys[1..keys.len() - 1].join(" "), line);
    let queries = strings(&json["queries"]);
    let words: Vec<&str> = queries.iter().copied().filter(|query| *query != "</s>").collect();
    assert_eq!(words.join(" "), pair[1].as_str().unwrap());

    let blocks = args(&[]);
    assert_names(&blocks, &["cross-attention, layer 2 of 2, mean of 2 heads", "█", "largest"]);
    for query in queries {
        let rows = blocks.lines().filter(|row| row.trim_start().starts_with(query));
        assert!(rows.count() >= 1, "{query}:\n{blocks}");
    }

    let all = args(&["--layer", "all", "--head", "all", "--json"]);
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all["maps"].as_array().unwrap().len(), 4);
    let [first, second] = [2, 3].map(|index| matrix(&all["maps"][index]["weights"]));
    let mean: Vec<Vec<f64>> = first
        .iter()
        .zip(&second)
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a + b) / 2.0).collect())
        .collect();
    assert_near(&matrix(&json["maps"][0]["weights"]), &mean, "the mean of the heads");
}

#[test]
fn files_are_svg_or_json() {
    let (folder, _) = assemble("marian");
    let base = ["attention", "--model", "model", "--to", "fra", "the cat", "le chat"];
    let write = |name| folder.ok(&[&base[..], &["-o", name]].concat());
    assert_eq!(write("map.svg"), "map.svg\n");
    let svg = fs::read_to_string(folder.path("map.svg")).unwrap();
    write("map.json");
    let json: Value =
        serde_json::from_str(&fs::read_to_string(folder.path("map.json")).unwrap()).unwrap();
    let cells = strings(&json["queries"]).len() * strings(&json["keys"]).len();
    assert_eq!(svg.matches("<rect x=").count(), cells);
    assert_names(&svg, &["cross-attention, layer 2 of 2", "&lt;/s&gt;"]);
    let message = folder.fails(&[&base[..], &["-o", "map.png"]].concat());
    assert_names(&message, &["map.png", ".svg", ".json"]);
}

#[test]
fn encoders_and_language_models_have_one_kind() {
    let encoder = folder("pipelines/three");
    let base = ["attention", "--model", "model", "--json"];
    let one = encoder.ok(&[&base[..], &["the film is good"]].concat());
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["kind"], "encoder");
    assert_eq!(strings(&one["keys"]), ["[CLS]", "the", "film", "is", "good", "[SEP]"]);
    let pair = encoder.ok(&[&base[..], &["the film", "is bad."]].concat());
    let pair: Value = serde_json::from_str(&pair).unwrap();
    let expected = ["[CLS]", "the", "film", "[SEP]", "is", "bad", ".", "[SEP]"];
    assert_eq!(strings(&pair["queries"]), expected);

    let embedder = repository().join("tests/fixtures/sentences-tiny");
    let args = ["attention", "--model", embedder.to_str().unwrap(), "--json", "the cat"];
    let one: Value = serde_json::from_str(&encoder.ok(&args)).unwrap();
    assert_eq!(one["kind"], "encoder");
    assert!(strings(&one["keys"]).join("").contains("the"), "{one}");

    let causal = folder("generation/gpt2");
    let one: Value = serde_json::from_str(&causal.ok(&[&base[..], &["the cat"]].concat())).unwrap();
    assert_eq!(one["kind"], "decoder");
    let message = causal.fails(&[&base[..], &["the cat", "sat"]].concat());
    assert_names(&message, &["one text"]);
    let message = causal.fails(&[&base[..], &["--beams", "2", "the cat"]].concat());
    assert_names(&message, &["--beams", "translation"]);
}

#[test]
fn errors_have_the_number_of_layers_and_heads() {
    let (folder, _) = assemble("marian");
    let fails = |more: &[&str]| {
        let base = ["attention", "--model", "model", "--to", "fra", "the cat"];
        folder.fails(&[&base[..], more].concat())
    };
    assert_names(&fails(&["--layer", "3"]), &["--layer 3", "2 layers", "1 to 2"]);
    assert_names(&fails(&["--head", "3"]), &["--head 3", "2 heads", "1 to 2"]);
    let encoder = ["--kind", "encoder", "--layer", "2"];
    assert_names(&fails(&encoder), &["--layer 2", "encoder", "1 layer"]);
    let classifier = self::folder("pipelines/three");
    let args = ["attention", "--model", "model", "--kind", "cross", "good"];
    assert_names(&classifier.fails(&args), &["no cross attention", "encoder"]);
    let output = classifier
        .command(&["attention", "--model", "model", "--layer", "0", "good"])
        .output()
        .unwrap();
    assert_names(&stderr(&output), &["--layer", "number from 1"]);
}

#[test]
fn markup_follows_the_words_that_it_encloses() {
    let (folder, _) = assemble("marian");
    let text = "the cat sat on the mat";
    let args =
        ["translate", "--model", "model", "--to", "fra", "--json", "--alignments=soft", text];
    let found: Value = serde_json::from_str(&folder.ok(&args)).unwrap();
    let translation = found["translation"].as_str().unwrap();
    let weights = matrix(&found["alignments"]["weights"]);
    let target = strings(&found["alignments"]["target"]);
    assert_eq!(target.join(" "), translation, "the translation has only words");
    for word in 0..6 {
        // The word of the translation that gives this word the largest weight.
        let of = |at: &usize| weights[*at][word];
        let to = (0..weights.len()).max_by(|a, b| of(a).total_cmp(&of(b))).unwrap();
        let marked = |words: &[&str], at: usize| {
            let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            words[at] = format!("<b>{}</b>", words[at]);
            format!("<p>{}</p>", words.join(" "))
        };
        folder.write("in.html", marked(&text.split(' ').collect::<Vec<_>>(), word));
        let args =
            ["translate", "--model", "model", "--to", "fra", "-i", "in.html", "-o", "out.html"];
        folder.ok(&args);
        let page = fs::read_to_string(folder.path("out.html")).unwrap();
        assert_eq!(page, marked(&target, to), "word {word}");
    }
}
