//! The view of training runs.

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Result, ensure};
use thirtyfour::Key;

use crate::browser::Browser;
use crate::servers::Servers;

pub(crate) async fn a_run_is_drawn_while_it_trains(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    browser.open(&servers.all, "training").await?;
    browser.wait("#panel-training .chart .curve").await?;
    let titles = browser.texts("#panel-training figcaption").await?;
    ensure!(titles.iter().any(|title| title == "Loss"), "{titles:?}");
    let before = browser.text("#panel-training .legend").await?;
    ensure!(before.contains("at 12"), "{before}");
    // A step that the run writes appears without reloading.
    let mut log = OpenOptions::new().append(true).open(servers.log())?;
    writeln!(
        log,
        "{{\"step\":13,\"epoch\":2,\"loss\":0.125,\"learning_rate\":0.001,\"seconds\":9.5}}"
    )?;
    browser
        .until(
            "document.querySelector('#panel-training .legend').textContent.includes('0.125 at 13')",
        )
        .await?;
    // The arrow keys read earlier steps.
    browser.run("document.querySelector('#panel-training .chart').focus();").await?;
    browser.press([Key::Left, Key::Left]).await?;
    let reading = browser.text("#panel-training .legend").await?;
    ensure!(reading.contains("at 11"), "{reading}");
    // A run can be left out.
    browser.click("#panel-training .run input").await?;
    browser.until("!document.querySelector('#panel-training figure')").await
}
