//! The API of DeepL.

use axum::http::StatusCode;
use serde_json::json;

use super::{direct, form, get, options, post, source, translator, upload, with};

const SENTENCE: &str = "The end time is not valid.";

#[tokio::test]
async fn texts_are_translated_with_tags_and_glossaries() {
    let server = with(options(), source("translate-en-de", translator()));
    let plain = direct(&[SENTENCE, "Detection distance"]);
    let fields = "text=The+end+time+is+not+valid.&text=Detection+distance&target_lang=DE";
    let found = form(&server, "/v2/translate", fields).await.ok();
    let texts: Vec<&str> = found["translations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|translation| translation["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, plain);
    assert_eq!(found["translations"][0]["detected_source_language"], "EN");
    let body = json!({ "text": [format!("<x>{SENTENCE}</x>")], "target_lang": "DE", "tag_handling": "xml" });
    let found = post(&server, "/v2/translate", body).await.ok();
    assert_eq!(found["translations"][0]["text"], format!("<x>{}</x>", plain[0]));

    let body = json!({ "name": "terms", "source_lang": "en", "target_lang": "de",
        "entries": "end time\tSchlusszeit\n", "entries_format": "tsv" });
    let created = post(&server, "/v2/glossaries", body).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let id = created.json()["glossary_id"].as_str().unwrap().to_owned();
    let body =
        json!({ "text": [SENTENCE], "source_lang": "EN", "target_lang": "DE", "glossary_id": id });
    let found = post(&server, "/v2/translate", body).await.ok();
    let text = found["translations"][0]["text"].as_str().unwrap();
    assert!(text.contains("Schlusszeit"), "{text}");
    let entries = get(&server, &format!("/v2/glossaries/{id}/entries")).await;
    assert_eq!(entries.text(), "end time\tSchlusszeit\n");
    assert_eq!(
        get(&server, "/v2/glossaries").await.ok()["glossaries"].as_array().unwrap().len(),
        1
    );
    assert_eq!(get(&server, "/v2/glossaries/other").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_preferred_formality_is_noticed_and_a_demanded_one_is_refused() {
    let server = with(options(), source("translate-en-de", translator()));
    let ask = |formality: &str| json!({ "text": [SENTENCE], "target_lang": "DE", "formality": formality });
    let found = post(&server, "/v2/translate", ask("prefer_more")).await.ok();
    assert!(found["notice"].as_str().unwrap().contains("formality"));
    let found = post(&server, "/v2/translate", ask("more")).await;
    assert_eq!(found.status, StatusCode::BAD_REQUEST);
    assert!(found.json()["message"].as_str().unwrap().contains("formality"));
    assert_eq!(get(&server, "/v2/languages?type=target").await.ok()[0]["language"], "DE");
    let usage = get(&server, "/v2/usage").await.ok();
    assert_eq!(usage["character_count"], SENTENCE.len());
}

#[tokio::test]
async fn documents_take_three_steps() {
    let server = with(options(), source("translate-en-de", translator()));
    let fields = [("target_lang", "DE"), ("source_lang", "EN")];
    let file = ("a.txt", SENTENCE.as_bytes());
    let sent = upload(&server, "/v2/document", file, &fields).await.ok();
    let [id, key] =
        ["document_id", "document_key"].map(|name| sent[name].as_str().unwrap().to_owned());
    let body = json!({ "document_key": key });
    let path = format!("/v2/document/{id}");
    for _ in 0..600 {
        let status = post(&server, &path, body.clone()).await.ok();
        if status["status"] == "done" {
            break;
        }
        assert_eq!(status["status"], "translating", "{status}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let wrong = post(&server, &path, json!({ "document_key": "other" })).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    let found = post(&server, &format!("{path}/result"), body.clone()).await;
    assert_eq!(found.text(), direct(&[SENTENCE])[0]);
    assert_eq!(post(&server, &format!("{path}/result"), body).await.status, StatusCode::NOT_FOUND);
}
