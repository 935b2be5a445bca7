//! Markup and placeholders follow their words.

use std::convert::Infallible;

use crosshead_documents::{Format, Translation};

use super::support::{reversed, translate_text};

fn fixed(text: &'static str) -> impl FnMut(&[String]) -> Result<Vec<Translation>, Infallible> {
    move |sentences: &[String]| Ok(sentences.iter().map(|_| Translation::new(text)).collect())
}

#[test]
fn with_an_alignment_tags_enclose_the_translations_of_their_words() {
    let text = "<p>the <b>red <i>big</i></b> car <br>ends <img src=x>here</p>";
    let expected = "<p>car <b><i>big</i> red</b> the <br><img src=x>here ends</p>";
    assert_eq!(translate_text(text, &Format::Html, reversed), expected);
}

#[test]
fn without_an_alignment_tags_keep_their_order_and_their_words_by_count() {
    let text = "<p>The <b>red</b> car is (<i>very</i>) fast.</p>";
    let found = translate_text(text, &Format::Html, fixed("Das rote Auto ist (sehr) schnell."));
    assert_eq!(found, "<p>Das <b>rote</b> Auto ist (<i>sehr</i>) schnell.</p>");
}

#[test]
fn tags_around_a_whole_sentence_stay_around_it() {
    let found = translate_text("<a href=x><b>Read more!</b></a>", &Format::Html, fixed("Weiter!"));
    assert_eq!(found, "<a href=x><b>Weiter!</b></a>");
}

#[test]
fn a_tag_over_two_sentences_stays_over_both() {
    let found = translate_text("Go <b>home. Stay</b> there.", &Format::Text, fixed("x y."));
    assert_eq!(found, "x <b>y. x</b> y.");
}

#[test]
fn placeholders_survive_exactly_once() {
    let cases = [
        // copied
        ("Hi {name}, read %s.", "Hallo {name}, lies %s.", "Hallo {name}, lies %s."),
        // lost at the end
        ("Hi {name}!", "Hallo!", "Hallo {name}!"),
        // with other spacing or case
        ("Hi {name}!", "Hallo {Name}!", "Hallo {name}!"),
        ("Hi {name}!", "Hallo { name }!", "Hallo {name}!"),
        // lost
        (
            "You have %d new messages.",
            "Sie haben neue Nachrichten.",
            "Sie haben %d neue Nachrichten.",
        ),
        ("See https://example.com/a now.", "Siehe jetzt.", "Siehe https://example.com/a jetzt."),
        // repeated
        ("Hi {name}!", "Hallo {name} {name}!", "Hallo {name}!"),
        // moved
        ("{a} of {b}", "{b} hat {a}", "{b} hat {a}"),
        // a part of another one
        ("${x} or {x}", "{x} oder ${x}", "{x} oder ${x}"),
        // all lost
        ("Of {a}, {b} and {c}", "", "{a} {b} {c}"),
    ];
    for (source, translation, expected) in cases {
        assert_eq!(translate_text(source, &Format::Text, fixed(translation)), expected);
    }
}

#[test]
fn code_and_links_of_markdown_survive() {
    let text = "Run `cargo test` in the [main *folder*](a.md) now.";
    let found = translate_text(
        text,
        &Format::Markdown,
        fixed("Jetzt cargo test im Hauptordner hier starten."),
    );
    assert_eq!(found.matches("`cargo test`").count(), 1, "{found}");
    assert_eq!(found.matches("](a.md)").count(), 1, "{found}");
    assert_eq!(
        found.replace(['[', '*', '`'], "").replace("](a.md)", ""),
        "Jetzt cargo test im Hauptordner hier starten."
    );
}

#[test]
fn a_sentence_of_placeholders_is_not_translated() {
    let text = "{a} {b}\n<b>12</b> https://example.com\n";
    assert_eq!(translate_text(text, &Format::Text, fixed("x")), text);
}
