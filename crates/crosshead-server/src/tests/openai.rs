//! The APIs of OpenAI and of text-embeddings-inference.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use burn::tensor::Device;
use serde_json::{Value, json};

use super::{fixture, get, options, post, server, source, with};

#[tokio::test]
async fn embeddings_are_those_of_the_library_in_both_encodings() {
    let server = with(options(), source("sentences", fixture("sentences-tiny")));
    let embedder =
        crosshead_tasks::Embedder::from_pretrained(fixture("sentences-tiny"), &Device::flex());
    let expected = embedder.unwrap().embed(&["a cat", "the sea"]).unwrap();
    let body = json!({ "model": "sentences", "input": ["a cat", "the sea"] });
    let found = post(&server, "/v1/embeddings", body).await.ok();
    for (index, expected) in expected.iter().enumerate() {
        let values = found["data"][index]["embedding"].as_array().unwrap();
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            assert!((value.as_f64().unwrap() - f64::from(*expected)).abs() < 1e-5);
        }
    }
    let body = json!({ "model": "sentences", "input": "a cat", "encoding_format": "base64" });
    let found = post(&server, "/v1/embeddings", body).await.ok();
    let bytes = STANDARD.decode(found["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let first = f32::from_le_bytes(bytes[..4].try_into().unwrap());
    assert!((first - expected[0][0]).abs() < 1e-5);
    let found = post(&server, "/embed", json!({ "inputs": "a cat" })).await.ok();
    let norm: f64 = found[0].as_array().unwrap().iter().map(|v| v.as_f64().unwrap().powi(2)).sum();
    assert!((norm - 1.0).abs() < 1e-5);
}

#[tokio::test]
async fn completions_have_usage_logprobs_and_seeds() {
    let server = with(options(), source("gpt2", fixture("generation/gpt2")));
    let body = json!({ "model": "gpt2", "prompt": ["the cat", "a dog"], "max_tokens": 5, "n": 2, "seed": 7,
        "temperature": 1.0, "logprobs": 2 });
    let found = post(&server, "/v1/completions", body.clone()).await.ok();
    assert_eq!(found["choices"].as_array().unwrap().len(), 4);
    let usage = &found["usage"];
    let sum =
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
    assert!(found["choices"][0]["logprobs"]["token_logprobs"][0].as_f64().unwrap() <= 0.0);
    let texts = |found: &Value| -> Vec<String> {
        let choices = found["choices"].as_array().unwrap().iter();
        choices.map(|choice| choice["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&post(&server, "/v1/completions", body).await.ok()), texts(&found));
    let body =
        json!({ "model": "gpt2", "prompt": "the cat", "max_tokens": 5, "logit_bias": { "1": 2 } });
    let found = post(&server, "/v1/completions", body).await;
    assert_eq!(found.status, StatusCode::BAD_REQUEST);
    assert!(found.json()["error"]["message"].as_str().unwrap().contains("logit_bias"));
}

#[tokio::test]
async fn a_stop_string_ends_the_text_before_it() {
    let server = with(options(), source("gpt2", fixture("generation/gpt2")));
    let ask = |stop: Value, stream: bool| json!({ "model": "gpt2", "prompt": "the cat", "max_tokens": 12, "temperature": 0, "stop": stop, "stream": stream });
    let whole = post(&server, "/v1/completions", ask(json!(null), false)).await.ok();
    let whole = whole["choices"][0]["text"].as_str().unwrap().to_owned();
    let middle = whole.char_indices().nth(whole.chars().count() / 2).unwrap().0;
    let stop = &whole[middle..middle + whole[middle..].chars().next().unwrap().len_utf8()];
    let expected = &whole[..whole.find(stop).unwrap()];
    let found = post(&server, "/v1/completions", ask(json!(stop), false)).await.ok();
    assert_eq!(found["choices"][0]["text"], expected);
    assert_eq!(found["choices"][0]["finish_reason"], "stop");
    let streamed = post(&server, "/v1/completions", ask(json!([stop]), true)).await;
    let events = streamed.text().lines().filter_map(|line| line.strip_prefix("data: "));
    let values =
        events.filter(|event| *event != "[DONE]").map(|event| serde_json::from_str(event).unwrap());
    let text: String = values
        .map(|event: Value| event["choices"][0]["text"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(text, expected);
}

#[tokio::test]
async fn models_are_listed_and_other_routes_say_what_to_do() {
    let server = server();
    let models = get(&server, "/v1/models").await.ok();
    assert_eq!(models["data"].as_array().unwrap().len(), 6);
    assert_eq!(get(&server, "/v1/models/gpt2").await.ok()["id"], "gpt2");
    let found = post(&server, "/v1/responses", json!({})).await;
    assert_eq!(found.status, StatusCode::NOT_IMPLEMENTED);
    let message = found.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("/v1/chat/completions"), "{message}");
    let body = json!({ "model": "other", "input": "a" });
    let found = post(&server, "/v1/embeddings", body).await;
    assert_eq!(found.status, StatusCode::NOT_FOUND);
    assert_eq!(found.json()["error"]["code"], "model_not_found");

    let found = post(&server, "/predict", json!({ "inputs": "a good film" })).await.ok();
    assert_eq!(found.as_array().unwrap().len(), 3);
    let found = post(&server, "/predict", json!({ "inputs": [["a"], ["b"]] })).await.ok();
    assert_eq!(found[1].as_array().unwrap().len(), 3);
    let body = json!({ "query": "a cat", "texts": ["rain", "a cat"], "return_text": true });
    let found = post(&server, "/rerank", body).await.ok();
    assert_eq!((&found[0]["index"], &found[0]["text"]), (&json!(1), &json!("a cat")));
    assert_eq!(get(&server, "/info").await.ok()["model_id"], "sentences");
}
