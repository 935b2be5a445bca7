//! The views that answer a text at once: summaries, classes, masks, similar sentences, comparisons.

use anyhow::{Result, ensure};

use crate::browser::Browser;
use crate::servers::Servers;

pub(crate) async fn copied_words_are_marked(browser: &Browser, servers: &Servers) -> Result<()> {
    browser.open(&servers.all, "summarize").await?;
    browser.fill("#panel-summarize textarea", "one two three one two three").await?;
    browser.click("#panel-summarize .primary").await?;
    let summary = browser.text("#panel-summarize .result-text").await?;
    let marked = browser.texts("#panel-summarize .mirror mark").await?;
    for part in &marked {
        ensure!(summary.contains(part), "{part:?} is not in {summary:?}");
    }
    // The marks do not outlive the text that they are about.
    browser.fill("#panel-summarize textarea", "four five six").await?;
    ensure!(browser.texts("#panel-summarize .mirror mark").await?.is_empty(), "old marks");
    Ok(())
}

pub(crate) async fn labels_and_the_words_that_mattered_are_shown(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    browser.open(&servers.all, "classify").await?;
    browser.click("#panel-classify .primary").await?;
    ensure!(
        browser.text("#panel-classify .error").await?.contains("text"),
        "no error without a text"
    );
    let text = "the cat sat on the mat";
    browser.fill("#panel-classify textarea", text).await?;
    browser.click("#panel-classify .primary").await?;
    browser.wait("#panel-classify .bars").await?;
    let shares = browser.texts("#panel-classify .bar-value").await?;
    let percent =
        |share: &String| share.trim_end_matches('%').trim_start_matches("< ").parse::<f64>();
    let sum = shares.iter().map(percent).sum::<Result<f64, _>>()?;
    ensure!((sum - 100.0).abs() < 1.0, "{shares:?}");
    let tinted = browser.texts("#panel-classify .tinted").await?;
    ensure!(tinted == [text], "{tinted:?}");
    let effects = browser.texts("#panel-classify .plain .number").await?;
    ensure!(
        !effects.is_empty() && effects.iter().all(|effect| effect.starts_with(['+', '−'])),
        "{effects:?}"
    );
    Ok(())
}

pub(crate) async fn masks_are_filled(browser: &Browser, servers: &Servers) -> Result<()> {
    browser.open(&servers.all, "fill-mask").await?;
    browser.fill("#panel-fill-mask textarea", "the cat sat").await?;
    browser.click("#panel-fill-mask .primary").await?;
    let error = browser.text("#panel-fill-mask .error").await?;
    browser.click("#panel-fill-mask .actions button:nth-of-type(2)").await?;
    browser.click("#panel-fill-mask .primary").await?;
    let best = browser.texts("#panel-fill-mask .bar-text").await?;
    ensure!(
        error.contains("filled in")
            && best.len() == browser.all("#panel-fill-mask button.bar-row").await?.len(),
        "{error}; {best:?}"
    );
    browser.click("#panel-fill-mask button.bar-row").await?;
    let best = best.first().map(|word| word.trim().to_owned()).unwrap_or_default();
    let text =
        browser.run("return document.querySelector('#panel-fill-mask textarea').value;").await?;
    ensure!(
        text.as_str().is_some_and(|text| text.ends_with(&best)),
        "{text} does not end with {best:?}"
    );
    Ok(())
}

pub(crate) async fn the_same_sentence_is_the_most_similar(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    browser.open(&servers.all, "similar").await?;
    browser.fill("#panel-similar .entry:nth-of-type(2) textarea", "the cat sat").await?;
    browser
        .fill(
            "#panel-similar .entry:nth-of-type(3) textarea",
            "a dog ran home\nthe cat sat\n\nwhere is the sun",
        )
        .await?;
    browser.click("#panel-similar .primary").await?;
    browser.wait("#panel-similar .bars").await?;
    let texts = browser.texts("#panel-similar .bar-text").await?;
    let scores = browser.texts("#panel-similar .bar-value").await?;
    ensure!(
        texts.len() == 3 && texts[0] == "the cat sat" && scores[0] == "1.000",
        "{texts:?} {scores:?}"
    );
    Ok(())
}

pub(crate) async fn two_models_are_compared(browser: &Browser, servers: &Servers) -> Result<()> {
    browser.open(&servers.all, "compare").await?;
    browser.fill("#panel-compare textarea", "one two").await?;
    browser.click("#panel-compare .primary").await?;
    browser.until("document.querySelector('#panel-compare .sides + .hint')?.textContent").await?;
    let sides = browser.texts("#panel-compare .card h2").await?;
    ensure!(sides.len() == 2 && sides[0] != sides[1], "{sides:?}");
    let same = browser.text("#panel-compare .sides + .hint").await?.contains("same");
    let marks = browser.all("#panel-compare mark").await?.len();
    ensure!(same == (marks == 0), "{marks} marks");
    // The same model twice has no differences.
    let first =
        browser.run("return document.querySelector('#panel-compare .sides select').value;").await?;
    browser
        .choose("#panel-compare .sides > :nth-child(2) select", first.as_str().unwrap_or_default())
        .await?;
    browser.click("#panel-compare .primary").await?;
    browser
        .until(
            "document.querySelector('#panel-compare .sides + .hint').textContent.includes('same')",
        )
        .await?;
    ensure!(
        browser.all("#panel-compare mark").await?.is_empty(),
        "differences of a model to itself"
    );
    Ok(())
}
