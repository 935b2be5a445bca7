//! Random traffic: batches, cancelled requests, full queues.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use serde_json::json;

use super::{direct, get, options, post, source, translator, with};
use crate::Options;
use crate::engine::{Engine, Limits, Output, Pool, Row, Shared, Work, WriteOptions};
use crate::metrics::Metrics;

const SENTENCES: [&str; 12] = [
    "The end time is not valid.",
    "Detection distance",
    "Delete the selected file?",
    "Open",
    "The connection to the server was lost while the file was being saved.",
    "Print",
    "No results were found for this search.",
    "Enter a name for the new folder.",
    "This option is not available.",
    "Save as",
    "The password must have at least eight characters.",
    "Cancel",
];

fn engine(limits: Limits) -> Arc<Engine> {
    let shared = Shared {
        device: burn::tensor::Device::flex(),
        compute_type: Default::default(),
        limits,
        pool: Pool::default(),
        metrics: Arc::new(Metrics::new()),
        log_texts: false,
    };
    Arc::new(Engine::start("test", translator(), &shared).unwrap())
}

fn work() -> Work {
    let decode = crosshead_tasks::DecodeOptions { loop_guard: Some(10), ..Default::default() };
    Work::Write(WriteOptions { decode, ..Default::default() })
}

fn texts(outputs: Vec<Output>) -> Vec<String> {
    let text = |output| match output {
        Output::Written(row) => row.written.text,
        other => panic!("{other:?}"),
    };
    outputs.into_iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_a_row_does_not_depend_on_its_neighbours() {
    let alone: Vec<String> = SENTENCES.iter().map(|text| direct(&[*text]).remove(0)).collect();
    let engine = engine(Limits { queued_tokens: 1 << 20, batch_tokens: 256, batch_rows: 5 });
    let mut random = fastrand::Rng::with_seed(1);
    let mut clients = Vec::new();
    for _ in 0..40 {
        let chosen: Vec<usize> =
            (0..random.usize(1..6)).map(|_| random.usize(0..SENTENCES.len())).collect();
        let leaves = random.u8(0..4) == 0;
        let engine = engine.clone();
        clients.push(tokio::spawn(async move {
            let rows = chosen.iter().map(|&index| Row::text(SENTENCES[index])).collect();
            let mut asked = Box::pin(engine.outputs(work(), rows));
            if leaves {
                let limit = std::time::Duration::from_millis(3);
                // Dropped when the time is over: the client leaves.
                return tokio::time::timeout(limit, &mut asked)
                    .await
                    .ok()
                    .map(|found| (chosen, found));
            }
            Some((chosen, asked.await))
        }));
    }
    for client in clients {
        if let Some((chosen, found)) = client.await.unwrap() {
            let expected: Vec<&String> = chosen.iter().map(|&index| &alone[index]).collect();
            assert_eq!(texts(found.unwrap()).iter().collect::<Vec<_>>(), expected);
        }
    }
    // The tokens of clients that have left are free again.
    let rows = vec![Row::text(SENTENCES[0])];
    engine.outputs(work(), rows).await.unwrap();
    engine.stop();
    assert_eq!(engine.load(), (0, 0));
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_when_to_return() {
    let limits = Options { queued_tokens: 60, ..options() };
    let server = with(limits, source("translate-en-de", translator()));
    let body = json!({ "text": "word ".repeat(100), "split": "none" });
    let found = post(&server, "/api/translate", body).await;
    assert_eq!(found.status, StatusCode::PAYLOAD_TOO_LARGE);
    let body = json!({ "text": "The end time is not valid." });
    let asked = (0..20).map(|_| post(&server, "/api/translate", body.clone()));
    let found = futures_util::future::join_all(asked).await;
    let full: Vec<_> =
        found.iter().filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS).collect();
    assert!(!full.is_empty() && full.len() < found.len());
    assert!(full.iter().all(|answer| answer.headers.contains_key(header::RETRY_AFTER)));
    let others = found.iter().filter(|answer| answer.status == StatusCode::OK);
    assert_eq!(others.count() + full.len(), found.len());
}

#[tokio::test]
async fn only_the_faulty_request_of_a_batch_fails() {
    let server = with(options(), source("mask", super::fixture("pipelines/mask")));
    let info = get(&server, "/api/info").await.ok();
    let mask = info["models"][0]["mask"].as_str().unwrap();
    let ask = |text: String| post(&server, "/api/fill-mask", json!({ "text": text }));
    let texts =
        (0..16).map(|index| if index % 4 == 0 { "none".into() } else { format!("the {mask}") });
    let found = futures_util::future::join_all(texts.map(ask)).await;
    for (index, answer) in found.iter().enumerate() {
        let expected =
            if index % 4 == 0 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        assert_eq!(answer.status, expected, "{}", answer.text());
    }
}
