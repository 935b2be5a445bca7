//! The view that continues a text.

use anyhow::{Context, Result, ensure};

use crate::browser::Browser;
use crate::servers::Servers;

const TOKEN: &str = "#panel-generate .token";
const LENGTH: &str = "#panel-generate .controls .field:nth-of-type(1) input";

async fn write(browser: &Browser, servers: &Servers, tokens: &str) -> Result<()> {
    browser.open(&servers.all, "generate").await?;
    browser.fill("#panel-generate textarea", "the cat").await?;
    browser.fill(LENGTH, tokens).await?;
    browser.click("#panel-generate .primary").await?;
    browser.wait(TOKEN).await.map(drop)
}

pub(crate) async fn tokens_have_probabilities(browser: &Browser, servers: &Servers) -> Result<()> {
    write(browser, servers, "5").await?;
    browser
        .until("document.querySelector('#panel-generate .status').textContent.includes('tokens')")
        .await?;
    let words = browser.texts(TOKEN).await?;
    ensure!((1..=5).contains(&words.len()), "{words:?}");
    let first = browser.all(TOKEN).await?.into_iter().next().context("no token")?;
    browser.hover(&first).await?;
    browser.wait("#token-note .bars").await?;
    let shares = browser.texts("#token-note .bar-value").await?;
    ensure!(shares.len() > 1 && shares.iter().all(|share| share.ends_with('%')), "{shares:?}");
    // The same seed gives the same text.
    browser.click("#panel-generate .primary").await?;
    browser.until("!document.querySelector('#panel-generate [aria-busy]') && document.querySelector('#panel-generate .status').textContent.includes('tokens')").await?;
    ensure!(browser.texts(TOKEN).await? == words, "another text with the same seed");
    Ok(())
}

pub(crate) async fn a_text_can_be_stopped(browser: &Browser, servers: &Servers) -> Result<()> {
    // Slows the stream down, so that the fixture's few tokens cannot arrive before the button is pressed.
    browser.open(&servers.all, "generate").await?;
    browser.fill("#panel-generate textarea", "the cat").await?;
    browser
        .run(
            "const ask = window.fetch;
         window.fetch = async (url, options) => {
           const response = await ask(url, options);
           const bytes = new Uint8Array(await response.arrayBuffer());
           let at = 0;
           const slow = new ReadableStream({ async pull(out) {
             await new Promise((go) => setTimeout(go, 4));
             options.signal.throwIfAborted();
             if (at < bytes.length) out.enqueue(bytes.slice(at, ++at)); else out.close();
           } });
           return new Response(slow, response);
         };",
        )
        .await?;
    browser.click("#panel-generate .primary").await?;
    browser.wait(TOKEN).await?;
    browser.click("#panel-generate .actions button:nth-of-type(2)").await?;
    browser
        .until("document.querySelector('#panel-generate .status').textContent === 'Stopped.'")
        .await?;
    let count = browser.all(TOKEN).await?.len();
    ensure!(
        browser.all("#panel-generate .primary:not(:disabled)").await?.len() == 1,
        "nothing can be started"
    );
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    ensure!(browser.all(TOKEN).await?.len() == count, "tokens arrive after the stop");
    Ok(())
}
