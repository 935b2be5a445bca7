//! The API of LibreTranslate.

use axum::http::StatusCode;
use serde_json::json;

use super::{direct, form, get, options, post, server, source, translator, upload, with};

const SENTENCE: &str = "The end time is not valid.";

#[tokio::test]
async fn forms_and_json_are_translated() {
    let server = with(options(), source("translate-en-de", translator()));
    let expected = direct(&[SENTENCE, "Detection distance"]);
    let fields = "q=The+end+time+is+not+valid.&source=en&target=de";
    assert_eq!(
        form(&server, "/translate", fields).await.ok(),
        json!({ "translatedText": expected[0] })
    );
    let body = json!({ "q": [SENTENCE, "Detection distance"], "source": "en", "target": "de" });
    assert_eq!(post(&server, "/translate", body).await.ok(), json!({ "translatedText": expected }));
    let body = json!({ "q": SENTENCE, "source": "auto", "target": "de", "alternatives": 2 });
    let found = post(&server, "/translate", body).await.ok();
    assert_eq!(found["detectedLanguage"]["language"], "en");
    assert_eq!(found["alternatives"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn tags_stay_and_their_text_is_translated() {
    let server = with(options(), source("translate-en-de", translator()));
    let html = "<p>The end time is not valid.</p><br><code>x &lt; y</code>";
    let body = json!({ "q": html, "source": "en", "target": "de", "format": "html" });
    let found = post(&server, "/translate", body).await.ok();
    let expected = html.replace(SENTENCE, &direct(&[SENTENCE])[0]);
    assert_eq!(found["translatedText"], expected);
}

#[tokio::test]
async fn errors_have_the_form_and_status_of_libretranslate() {
    let server = with(options(), source("translate-en-de", translator()));
    let cases = [
        (json!({ "source": "en", "target": "de" }), "missing q"),
        (json!({ "q": "a", "target": "de" }), "missing source"),
        (json!({ "q": "a", "source": "en", "target": "xx" }), "xx"),
        (json!({ "q": "a", "source": "en", "target": "de", "format": "pdf" }), "pdf format"),
        (json!({ "q": 3.5, "source": "en", "target": "de" }), "`q`"),
    ];
    for (body, part) in cases {
        let found = post(&server, "/translate", body).await;
        assert_eq!(found.status, StatusCode::BAD_REQUEST);
        let error = found.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(form(&server, "/suggest", "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn languages_and_settings_are_those_of_the_models() {
    let server = server();
    let languages = get(&server, "/languages").await.ok();
    assert_eq!(
        languages,
        json!([
            { "code": "de", "name": "German", "targets": [] },
            { "code": "en", "name": "English", "targets": ["de"] },
        ])
    );
    let settings = get(&server, "/frontend/settings").await.ok();
    assert_eq!(settings["keyRequired"], false);
    assert_eq!(settings["language"]["target"]["code"], "de");
    let found =
        form(&server, "/detect", "q=Das+ist+ein+deutscher+Satz+%C3%BCber+Hunde.").await.ok();
    assert_eq!(found[0]["language"], "de");
}

#[tokio::test]
async fn files_are_translated_and_downloaded() {
    let server = with(options(), source("translate-en-de", translator()));
    let fields = [("source", "en"), ("target", "de")];
    let file = ("../notes.txt", format!("{SENTENCE}\n\n12\n").into_bytes());
    let found = upload(&server, "/translate_file", (file.0, &file.1), &fields).await.ok();
    let url = found["translatedFileUrl"].as_str().unwrap();
    let path = url.strip_prefix("http://localhost:5000").unwrap();
    let file = get(&server, path).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.text(), format!("{}\n\n12\n", direct(&[SENTENCE])[0]));
    let other = upload(&server, "/translate_file", ("a.exe", b"x"), &fields).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(get(&server, "/download_file/0123/notes.txt").await.status, StatusCode::NOT_FOUND);
}
