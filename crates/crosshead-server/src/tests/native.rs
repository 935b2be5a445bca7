//! Our own API.

use axum::http::{StatusCode, header};
use serde_json::json;

use super::{direct, get, options, post, server, source, translator, upload, with};

const SENTENCE: &str = "The end time is not valid.";

#[tokio::test]
async fn translations_have_tokens_and_an_alignment() {
    let server = with(options(), source("translate-en-de", translator()));
    let body = json!({ "text": SENTENCE, "tokens": true, "alignment": true, "alternatives": 2 });
    let found = post(&server, "/api/translate", body).await.ok();
    let translation = &found["translations"][0];
    assert_eq!(translation["from"], "en");
    assert_eq!(translation["alternatives"].as_array().unwrap().len(), 2);
    assert!(!translation["tokens"].as_array().unwrap().is_empty());
    let alignment = &translation["alignment"];
    let [source, target, weights] =
        ["source", "target", "weights"].map(|key| alignment[key].as_array().unwrap().len());
    assert!(source >= 6 && target == weights, "{alignment}");
    let body = json!({ "text": "One. Two.", "tokens": true });
    let found = post(&server, "/api/translate", body).await;
    assert_eq!(found.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(found.text().contains("single sentence"), "{}", found.text());
}

#[tokio::test]
async fn a_translation_continues_its_prefix_with_the_next_words() {
    let server = with(options(), source("translate-en-de", translator()));
    let plain = direct(&[SENTENCE]).remove(0);
    let (first, _) = plain.split_once(' ').unwrap();
    let body = json!({ "text": SENTENCE, "to": "de", "prefix": first, "n": 5 });
    let words = post(&server, "/api/translate/next", body).await.ok()["words"].clone();
    let words = words.as_array().unwrap();
    assert!(!words.is_empty() && words.len() <= 5);
    let second = plain.split_whitespace().nth(1).unwrap();
    assert!(words.iter().any(|word| word["text"] == second), "{second} in {words:?}");
    let body = json!({ "text": SENTENCE, "prefix": first, "beams": 1 });
    let found = post(&server, "/api/translate", body).await.ok();
    assert!(found["translations"][0]["text"].as_str().unwrap().starts_with(first));
}

#[tokio::test]
async fn a_glossary_decides_terms() {
    let server = with(options(), source("translate-en-de", translator()));
    let body = json!({ "text": SENTENCE, "glossary": [{ "source": "end time", "target": "Schlusszeit" }] });
    let found = post(&server, "/api/translate", body).await.ok();
    let text = found["translations"][0]["text"].as_str().unwrap();
    assert!(text.contains("Schlusszeit"), "{text}");
}

#[tokio::test]
async fn documents_are_translated() {
    let server = with(options(), source("translate-en-de", translator()));
    let markdown = format!("# {SENTENCE}\n\n`code`\n");
    let fields = [("from", "en"), ("to", "de")];
    let found = upload(&server, "/api/document", ("a.md", markdown.as_bytes()), &fields).await;
    assert_eq!(found.text(), format!("# {}\n\n`code`\n", direct(&[SENTENCE])[0]));
    let disposition = found.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(disposition.contains("a.md"), "{disposition}");
}

#[tokio::test]
async fn every_task_has_a_route() {
    let server = server();
    let body = json!({ "text": "a good film", "attributions": true });
    let found = post(&server, "/api/classify", body).await.ok();
    assert_eq!(found["labels"].as_array().unwrap().len(), 3);
    assert_eq!(found["attributions"].as_array().unwrap().len(), 3);
    let score: f64 = found["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|label| label["score"].as_f64().unwrap())
        .sum();
    assert!((score - 1.0).abs() < 1e-5);

    let tags = post(&server, "/api/token-classify", json!({ "text": "Ada was in London." })).await;
    assert!(tags.ok()["entities"].is_array());

    let body = json!({ "query": "a cat", "texts": ["a dog", "a cat", "rain"] });
    let found = post(&server, "/api/similar", body).await.ok();
    assert_eq!(found["results"][0]["index"], 1);

    let body = json!({ "hypotheses": ["a b c d"], "references": [["a b c d"]], "metrics": ["bleu", "ter"] });
    let found = post(&server, "/api/score", body).await.ok();
    let scores = found["systems"][0]["scores"].as_array().unwrap();
    assert!((scores[0]["score"].as_f64().unwrap() - 100.0).abs() < 1e-9);
    assert_eq!(scores[1]["score"], 0.0);

    let body =
        json!({ "pairs": [[SENTENCE, direct(&[SENTENCE])[0]], [SENTENCE, "Hund Hund Hund"]] });
    let found = post(&server, "/api/rank", body).await.ok();
    let score = |index: usize| found["pairs"][index]["score"].as_f64().unwrap();
    assert!(score(0) > score(1));

    let body = json!({ "model": "translate-en-de", "source": SENTENCE, "kind": "cross", "layer": 1, "head": 1 });
    let found = post(&server, "/api/attention", body).await.ok();
    assert_eq!(found["maps"].as_array().unwrap().len(), 1);
    let body = json!({ "model": "classes", "source": "a film", "format": "svg" });
    let found = post(&server, "/api/attention", body).await;
    assert_eq!(found.headers[header::CONTENT_TYPE], "image/svg+xml");
    assert!(found.text().starts_with("<svg"));
}

#[tokio::test]
async fn masks_are_filled() {
    let server = with(options(), source("mask", super::fixture("pipelines/mask")));
    let info = get(&server, "/api/info").await.ok();
    assert_eq!(info["models"][0]["task"], "fill-mask");
    let mask = info["models"][0]["mask"].as_str().unwrap();
    let body = json!({ "text": format!("the {mask} sat"), "top": 3 });
    let found = post(&server, "/api/fill-mask", body).await.ok();
    assert_eq!(found["masks"][0].as_array().unwrap().len(), 3);
    let found = post(&server, "/api/fill-mask", json!({ "text": "no mask" })).await;
    assert_eq!(found.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn generation_streams_what_it_returns() {
    let server = with(options(), source("gpt2", super::fixture("generation/gpt2")));
    let body = json!({ "prompt": "the cat", "max_tokens": 8, "seed": 3 });
    let whole = post(&server, "/api/generate", body.clone()).await.ok();
    let mut streamed = body;
    streamed["stream"] = json!(true);
    let found = post(&server, "/api/generate", streamed).await;
    let events: Vec<&str> =
        found.text().lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let parsed =
        events[..events.len() - 1].iter().map(|event| serde_json::from_str(event).unwrap());
    let text: String =
        parsed.map(|event: serde_json::Value| event["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(text, whole["text"].as_str().unwrap());
    let tokens = whole["tokens"].as_array().unwrap();
    assert!(tokens[0]["alternatives"].as_array().unwrap().len() == 5);
}

#[tokio::test]
async fn runs_are_listed_with_their_logs() {
    let runs = tempfile::tempdir().unwrap();
    std::fs::create_dir(runs.path().join("one")).unwrap();
    let log = "{\"step\":1,\"loss\":4.5}\n{\"step\":2,\"loss\":4.0}\n{\"step\":3,\"lo";
    std::fs::write(runs.path().join("one/log.jsonl"), log).unwrap();
    std::fs::write(
        runs.path().join("one/recipe.toml"),
        "task = \"translate\"\n[train]\nsteps = 9\n",
    )
    .unwrap();
    let options = crate::Options { runs: Some(runs.path().to_owned()), ..options() };
    let server = with(options, source("sentences", super::fixture("sentences-tiny")));
    assert_eq!(
        get(&server, "/api/runs").await.ok(),
        json!([{
            "name": "one", "task": "translate", "step": 2, "steps": 9, "finished": false, "metrics": { "loss": 4.0 },
        }])
    );
    let found = get(&server, "/api/runs/one/log?after=1").await.ok();
    assert_eq!(found, json!({ "rows": [{ "step": 2, "loss": 4.0 }] }));
    for path in ["/api/runs/two/log", "/api/runs/..%2Fone/log", "/api/runs/%2e%2e/log"] {
        assert_eq!(get(&server, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_openapi_document_names_every_route() {
    let server = with(options(), source("sentences", super::fixture("sentences-tiny")));
    let document = get(&server, "/openapi.json").await.ok();
    for path in ["/api/translate", "/api/translate/next", "/api/generate", "/api/runs/{name}/log"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    assert!(document["components"]["schemas"]["TranslateRequest"].is_object());
}
