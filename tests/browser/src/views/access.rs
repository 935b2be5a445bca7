//! What the page shows without a model, without a key, and without a server.

use anyhow::{Result, ensure};
use thirtyfour::Key;

use crate::browser::Browser;
use crate::servers::{KEY, Servers};

pub(crate) async fn views_without_a_model_say_how_to_start_one(
    browser: &Browser,
    _: &Servers,
) -> Result<()> {
    let (_server, address) = Servers::embedded()?;
    for view in ["summarize", "generate", "fill-mask", "similar", "compare", "training"] {
        browser.open(&address, view).await?;
        let text = browser.text(&format!("#panel-{view} .missing")).await?;
        ensure!(text.contains("crosshead serve --"), "{view}: {text}");
    }
    browser.open(&address, "translate").await?;
    browser.fill("#panel-translate textarea", "Open the file.").await?;
    browser.wait("#panel-translate .output .word").await.map(drop)
}

pub(crate) async fn a_key_is_asked_for(browser: &Browser, servers: &Servers) -> Result<()> {
    let (_server, address) = servers.with_key()?;
    browser.open(&address, "translate").await?;
    for (key, works) in [("wrong", false), (KEY, true)] {
        browser.fill("dialog[open] input", key).await?;
        browser.press([Key::Enter]).await?;
        browser.until("!document.querySelector('dialog[open]')").await?;
        browser.fill("#panel-translate textarea", "Open the file.").await?;
        if works {
            browser.wait("#panel-translate .output .word").await?;
        } else {
            // The page asks again, and says why.
            browser.wait("dialog[open] input").await?;
            let error = browser.texts("#panel-translate .error").await?.concat();
            ensure!(error.contains("key"), "{error}");
        }
    }
    Ok(())
}

pub(crate) async fn errors_are_shown_in_place(browser: &Browser, servers: &Servers) -> Result<()> {
    let (server, address) = Servers::embedded()?;
    browser.open(&address, "translate").await?;
    drop(server);
    browser.fill("#panel-translate textarea", "Open the file.").await?;
    let error = browser.text("#panel-translate .error").await?;
    ensure!(error.contains("does not answer"), "{error}");
    // A text beyond the limit is not sent.
    browser.open(&servers.all, "translate").await?;
    browser
        .run(
            "const field = document.querySelector('#panel-translate textarea');
         field.value = 'a'.repeat(1_000_001);
         field.dispatchEvent(new Event('input'));",
        )
        .await?;
    browser.wait("#panel-translate .counter.over").await?;
    browser.wait("#panel-translate .error").await.map(drop)
}
