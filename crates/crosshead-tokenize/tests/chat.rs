//! Chat templates render the same text as in transformers (`fixtures/export_chat.py`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crosshead_tokenize::{ChatMessage, ChatOptions, TokenizeError, Tokenizer};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

#[derive(Deserialize)]
struct Reference {
    templates: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    template: String,
    messages: Vec<Value>,
    add_generation_prompt: bool,
    tools: Vec<Value>,
    text: Option<String>,
    error: Option<String>,
}

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
}

/// A copy of the Qwen2 directory with this `chat_template`.
fn directory(chat_template: Option<Value>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["vocab.json", "merges.txt"] {
        fs::copy(fixtures().join("directories/qwen2").join(name), dir.path().join(name)).unwrap();
    }
    let config = fixtures().join("directories/qwen2/tokenizer_config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(config).unwrap()).unwrap();
    if let Some(template) = chat_template {
        config["chat_template"] = template;
    }
    fs::write(dir.path().join("tokenizer_config.json"), config.to_string()).unwrap();
    dir
}

fn tokenizer(template: &str) -> Tokenizer {
    Tokenizer::from_dir(directory(Some(json!(template))).path()).unwrap()
}

fn hello() -> [ChatMessage; 1] {
    [ChatMessage::new("user", "hello")]
}

#[test]
fn rendered_texts_match_transformers() {
    let reference: Reference =
        serde_json::from_slice(&fs::read(fixtures().join("chat.json")).unwrap()).unwrap();
    for case in reference.cases {
        let tokenizer = tokenizer(&reference.templates[&case.template]);
        let options = ChatOptions {
            add_generation_prompt: case.add_generation_prompt,
            tools: case.tools,
            ..ChatOptions::default()
        };
        let found = tokenizer.apply_chat_template(&case.messages, &options);
        match (found, case.text, case.error) {
            (Ok(found), Some(text), None) => assert_eq!(found, text, "{}", case.template),
            (Err(found), None, Some(error)) => {
                assert!(found.to_string().contains(&error), "{found}, not {error}");
            }
            (found, ..) => panic!("{}: {found:?}", case.template),
        }
    }
}

#[test]
fn special_tokens_in_a_template_are_encoded_as_tokens() {
    let tokenizer = tokenizer("{{ '<|im_start|>' + messages[0].content + '<|im_end|>' }}");
    let text = tokenizer.apply_chat_template(&hello(), &ChatOptions::default()).unwrap();
    let ids = tokenizer.encode(&text).unwrap();
    assert_eq!(ids.first().copied(), tokenizer.token_to_id("<|im_start|>"));
    assert_eq!(ids.last().copied(), tokenizer.special().eos);
}

#[test]
fn a_template_file_takes_precedence_over_the_config() {
    let dir = directory(Some(json!("of the config")));
    fs::write(dir.path().join("chat_template.jinja"), "of the file").unwrap();
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    let text = tokenizer.apply_chat_template(&hello(), &ChatOptions::default()).unwrap();
    assert_eq!(text, "of the file");
}

#[test]
fn named_templates_are_selected_by_name_or_by_tools() {
    let templates = json!([
        { "name": "default", "template": "plain" },
        { "name": "tool_use", "template": "with tools" },
        { "name": "rag", "template": "with documents {{ documents | length }}" },
    ]);
    let dir = directory(Some(templates));
    let loaded = Tokenizer::from_dir(dir.path()).unwrap();
    let saved = tempfile::tempdir().unwrap();
    loaded.save(saved.path()).unwrap();
    for tokenizer in [loaded, Tokenizer::from_dir(saved.path()).unwrap()] {
        let render = |options: ChatOptions| tokenizer.apply_chat_template(&hello(), &options);
        assert_eq!(render(ChatOptions::default()).unwrap(), "plain");
        let tools = vec![json!({ "name": "f" })];
        assert_eq!(render(ChatOptions { tools, ..ChatOptions::default() }).unwrap(), "with tools");
        let variables = [("documents".to_owned(), json!([1, 2]))].into_iter().collect();
        let template = Some("rag".to_owned());
        let text = render(ChatOptions { template, variables, ..ChatOptions::default() }).unwrap();
        assert_eq!(text, "with documents 2");
        let template = Some("other".to_owned());
        let error = render(ChatOptions { template, ..ChatOptions::default() }).unwrap_err();
        assert!(matches!(error, TokenizeError::NoChatTemplate { .. }));
        assert!(error.to_string().contains("default, rag, tool_use"), "{error}");
    }
}

#[test]
fn a_tokenizer_without_a_template_is_an_error() {
    let tokenizer = Tokenizer::from_dir(directory(None).path()).unwrap();
    assert!(!tokenizer.has_chat_template());
    let error = tokenizer.apply_chat_template(&hello(), &ChatOptions::default()).unwrap_err();
    assert!(matches!(error, TokenizeError::NoChatTemplate { .. }), "{error}");
}

#[test]
fn strftime_now_uses_the_given_format() {
    let render =
        |template: &str| tokenizer(template).apply_chat_template(&hello(), &ChatOptions::default());
    let year = render("{{ strftime_now('%Y') }}").unwrap();
    assert!(year.len() == 4 && year.parse::<u32>().unwrap() >= 2024, "{year}");
    let date = render("{{ strftime_now('%d %b %Y') }}").unwrap();
    assert_eq!(date.split(' ').map(str::len).collect::<Vec<_>>(), [2, 3, 4], "{date}");
    assert!(matches!(render("{{ strftime_now('%Q') }}"), Err(TokenizeError::ChatTemplate(_))));
}

#[test]
fn malformed_and_endless_templates_are_errors() {
    for template in [
        "{% for %}",
        "{{ messages[0].content",
        "{{ nothing.at.all }}",
        "{% for i in range(100000000) %}{% for j in range(100000000) %}x{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ missing_function() }}",
        "{{ 1 | missing_filter }}",
    ] {
        let found = tokenizer(template).apply_chat_template(&hello(), &ChatOptions::default());
        assert!(matches!(found, Err(TokenizeError::ChatTemplate(_))), "{template}: {found:?}");
    }
}
