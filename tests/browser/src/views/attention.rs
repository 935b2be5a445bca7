//! The view of attention maps.

use anyhow::{Result, ensure};

use crate::browser::Browser;
use crate::servers::Servers;

const DRAWING: &str = "#panel-attention .drawing svg";
const FORM: &str = "#panel-attention .attention .field:nth-of-type(3) select";

async fn show(browser: &Browser, servers: &Servers) -> Result<()> {
    browser.open(&servers.all, "attention").await?;
    browser.wait(DRAWING).await.map(drop)
}

pub(crate) async fn a_head_is_drawn_as_lines_and_as_a_matrix(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    show(browser, servers).await?;
    let heads = browser.all(".heads button").await?;
    let layers =
        browser.all("#panel-attention .attention .field:nth-of-type(1) option").await?.len();
    ensure!(layers > 1 && heads.len() % layers == 0, "{layers} layers, {} heads", heads.len());
    // A picture chooses its layer and head.
    heads[1].click().await?;
    let chosen = "[...document.querySelectorAll('#panel-attention .attention select')].map((list) => list.value).join()";
    browser.until(&format!("{chosen} === '1,2,lines'")).await?;
    // The weights of each row add up to 1, also in the mean of the heads.
    for head in ["2", "mean"] {
        browser.choose("#panel-attention .attention .field:nth-of-type(2) select", head).await?;
        let sums = browser.run(
            "return [...document.querySelectorAll('#panel-attention tbody tr')].map((row) =>
               [...row.querySelectorAll('td')].reduce((sum, cell) => sum + Number(cell.textContent), 0));",
        );
        let sums: Vec<f64> = serde_json::from_value(sums.await?)?;
        ensure!(!sums.is_empty() && sums.iter().all(|sum| (sum - 1.0).abs() < 0.1), "{sums:?}");
    }
    browser.choose(FORM, "matrix").await?;
    let [rows, columns] = ["tbody tr", "thead th"].map(|css| format!("#panel-attention {css}"));
    let cells =
        browser.all(rows.as_str()).await?.len() * browser.all(columns.as_str()).await?.len();
    ensure!(
        browser.all(&format!("{DRAWING} rect.cell")).await?.len() == cells,
        "not {cells} cells"
    );
    // The other kinds of attention.
    for kind in ["encoder", "decoder"] {
        browser
            .run("document.querySelector('#panel-attention .drawing').replaceChildren();")
            .await?;
        browser.choose("#panel-attention > .controls select", kind).await?;
        browser.wait(DRAWING).await?;
    }
    Ok(())
}

pub(crate) async fn the_drawing_is_saved(browser: &Browser, servers: &Servers) -> Result<()> {
    show(browser, servers).await?;
    for form in ["lines", "matrix"] {
        browser.choose(FORM, form).await?;
        let head = if form == "lines" { "mean" } else { "1" };
        browser.choose("#panel-attention .attention .field:nth-of-type(2) select", head).await?;
        browser.click("#panel-attention .attention .controls button").await?;
        let layer = browser
            .run("return document.querySelector('#panel-attention .attention select').value;")
            .await?;
        let name = format!("attention-cross-{}-{head}.svg", layer.as_str().unwrap_or_default());
        let svg = browser.saved(&name).await?;
        ensure!(
            svg.starts_with("<svg") && svg.contains("#ffffff") && svg.contains("Open"),
            "{svg}"
        );
        let text = serde_json::to_string(&svg)?;
        let script = format!(
            "return new DOMParser().parseFromString({text}, 'image/svg+xml').querySelector('parsererror') === null;"
        );
        ensure!(browser.run(&script).await? == true, "{name} is not XML");
    }
    Ok(())
}
