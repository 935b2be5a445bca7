//! The view that translates, with the built-in model.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::browser::Browser;
use crate::servers::Servers;

const SOURCE: &str = "#panel-translate textarea";
const OUTPUT: &str = "#panel-translate .output";
const WORD: &str = "#panel-translate .output .word";

/// Translates a text and waits for the result.
async fn translate(browser: &Browser, servers: &Servers, text: &str) -> Result<()> {
    browser.open(&servers.all, "translate").await?;
    browser.fill(SOURCE, text).await?;
    browser.wait(WORD).await.map(drop)
}

pub(crate) async fn a_text_is_translated_while_it_is_written(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    translate(browser, servers, "Open the file.\n\nClose the window.").await?;
    let counter = browser.text("#panel-translate .counter").await?;
    ensure!(counter.starts_with("33"), "{counter}");
    let languages = browser.run("return [document.querySelector('.output').lang, document.querySelector('.stack textarea').lang]");
    ensure!(languages.await? == serde_json::json!(["de", "en"]), "the texts have no languages");
    let first = browser.texts("#panel-translate .sentence").await?;
    let whole = browser.texts(OUTPUT).await?.concat();
    ensure!(whole.contains("\n\n"), "the empty line is lost: {whole:?}");
    // A sentence that was not changed is not asked for again.
    browser.run("window.asked = []; const ask = window.fetch; window.fetch = (url, options) => (window.asked.push(String(options.body)), ask(url, options));").await?;
    browser.wait(SOURCE).await?.send_keys(" Save it.").await?;
    browser.until("document.querySelectorAll('.output .sentence').length === 3").await?;
    let asked =
        browser.run("return window.asked.filter((body) => body.includes('alignment'));").await?;
    let asked = asked.to_string();
    ensure!(asked.contains("Save it.") && !asked.contains("Open the file."), "{asked}");
    ensure!(
        browser.texts("#panel-translate .sentence").await?.contains(&first[0]),
        "a sentence has changed"
    );
    browser.click("#panel-translate .pane-foot button").await?;
    browser.wait("#panel-translate .placeholder").await.map(drop)
}

pub(crate) async fn sentences_with_abbreviations_stay_whole(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    translate(browser, servers, "Ask Dr. Smith, e.g. today. Then call J. S. Bach.").await?;
    let sentences = browser.texts("#panel-translate .mirror .sentence").await?;
    ensure!(sentences == ["Ask Dr. Smith, e.g. today.", "Then call J. S. Bach."], "{sentences:?}");
    Ok(())
}

pub(crate) async fn words_show_where_they_come_from(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    translate(browser, servers, "Save the file.").await?;
    let words = browser.all(WORD).await?;
    browser.hover(words.first().context("no words")?).await?;
    browser.until("document.querySelector('.mirror .marked') && document.querySelector('.output .marked')").await?;
    // The other way: a word of the source marks words of the translation.
    browser.point(5, 5).await?;
    browser.until("!document.querySelector('.marked')").await?;
    let at = browser.run(
        "const box = document.querySelector('.mirror [data-word]').getBoundingClientRect();
         return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];",
    );
    let at: Vec<i64> = serde_json::from_value(at.await?)?;
    browser.point(at[0], at[1]).await?;
    browser.until("document.querySelector('.output .marked') && document.querySelector('.mirror .marked')").await
}

pub(crate) async fn a_chosen_word_completes_the_sentence_anew(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    translate(browser, servers, "Save the file as a copy.").await?;
    let before = browser.texts(WORD).await?;
    browser.all(WORD).await?[2].click().await?;
    browser.wait(".menu .bars button").await?;
    let offered = browser.texts(".menu .bar-text").await?;
    ensure!(!offered.is_empty() && !offered.contains(&before[2]), "{offered:?}");
    browser.click(".menu .bars button").await?;
    browser
        .until(&format!(
            "document.querySelectorAll('.output .word')[2]?.textContent !== {:?}",
            before[2]
        ))
        .await?;
    let after = browser.texts(WORD).await?;
    ensure!(after[..2] == before[..2], "{before:?} became {after:?}");
    let written = after[2..].concat();
    let chosen: String = offered[0].split_whitespace().collect();
    ensure!(written.starts_with(&chosen), "{written:?} does not start with {chosen:?}");
    // The translation before is offered, and can be chosen again.
    browser.click(".others button").await?;
    browser
        .until(&format!(
            "document.querySelectorAll('.output .word')[2]?.textContent === {:?}",
            before[2]
        ))
        .await
}

pub(crate) async fn a_foreign_text_gets_a_warning(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    translate(browser, servers, "Les élèves mangent des pommes rouges dans la forêt enchantée.")
        .await?;
    let note = browser.text("#panel-translate .detected").await?;
    ensure!(note.contains("French") && note.contains("English"), "{note}");
    browser.wait(".below .warning").await?;
    browser.wait(".output .far").await.map(drop)
}

pub(crate) async fn a_glossary_term_is_used(browser: &Browser, servers: &Servers) -> Result<()> {
    translate(browser, servers, "Open the file.").await?;
    browser.click("#panel-translate details:not([open]) summary").await?;
    browser.click(".terms + button").await?;
    browser.fill(".term input:first-of-type", "file").await?;
    browser.fill(".term input:last-of-type", "Akte\t").await?;
    browser.until("document.querySelector('.output').textContent.includes('Akte')").await?;
    // It is kept.
    browser.run("location.reload();").await?;
    browser.wait(".term").await.map(drop)
}

pub(crate) async fn a_document_is_translated(browser: &Browser, servers: &Servers) -> Result<()> {
    browser.open(&servers.all, "translate").await?;
    let path = servers.document("Open the file.\n\nClose the window.\n")?;
    browser.all("#panel-translate input[type=file]").await?[0]
        .send_keys(path.display().to_string())
        .await?;
    browser
        .until(
            "document.querySelector('details[open] .status')?.textContent.includes('notes.de.txt')",
        )
        .await?;
    let saved = browser.saved("notes.de.txt").await?;
    ensure!(saved.contains("\n\n") && !saved.contains("window"), "{saved}");
    // An unknown format is refused in plain words.
    let unknown = path.with_extension("xyz");
    std::fs::write(&unknown, "text")?;
    browser.all("#panel-translate input[type=file]").await?[0]
        .send_keys(unknown.display().to_string())
        .await?;
    let error = browser.text("#panel-translate details .error").await?;
    ensure!(error.contains("format"), "{error}");
    let focus: Value =
        browser.run("return document.querySelector('.pane .error') === null;").await?;
    ensure!(focus == true, "the error of the document is shown elsewhere");
    Ok(())
}
