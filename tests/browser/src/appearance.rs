//! Every view in dark and light on a desktop and on phones: accessible, without a scroll bar, and as a picture.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use thirtyfour::Key;

use crate::browser::{Browser, DESKTOP};
use crate::programs::root;
use crate::servers::Servers;

/// Width and height of phones, in pixels.
const PHONES: [(u32, u32); 2] = [(360, 780), (320, 640)];

/// The rules of axe: WCAG 2.2 at level AA, and its best practices.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";

pub(crate) async fn colors_follow_the_system_and_the_switch(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    browser.open(&servers.all, "translate").await?;
    let mut seen = Vec::new();
    for (system, choice) in
        [("light", "auto"), ("dark", "auto"), ("dark", "light"), ("light", "dark")]
    {
        set_system(browser, system).await?;
        browser.choose("#theme", choice).await?;
        seen.push(browser.run("return getComputedStyle(document.body).backgroundColor;").await?);
    }
    ensure!(seen[0] == seen[2] && seen[1] == seen[3] && seen[0] != seen[1], "{seen:?}");
    // The choice is kept.
    browser.run("location.reload();").await?;
    browser.wait("#panel-translate > *").await?;
    ensure!(
        browser.run("return getComputedStyle(document.body).backgroundColor;").await? == seen[3],
        "the choice is lost"
    );
    set_system(browser, "light").await
}

async fn set_system(browser: &Browser, scheme: &str) -> Result<()> {
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    browser.send("Emulation.setEmulatedMedia", features).await.map(drop)
}

pub(crate) async fn every_view_is_accessible_and_fits(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    let axe = root().join("target/browser/npm/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(&axe).with_context(|| axe.display().to_string())?;
    let (_server, empty) = Servers::embedded()?;
    let mut views: Vec<(&str, &str, &str)> =
        VIEWS.map(|view| (servers.all.as_str(), view, view)).into();
    views.push((&empty, "generate", "missing"));
    let mut wrong = Vec::new();
    for (address, view, name) in views {
        for scheme in ["light", "dark"] {
            set_system(browser, scheme).await?;
            browser.resize(DESKTOP).await?;
            browser.open(address, view).await?;
            if name != "missing" {
                use_view(browser, view).await?;
            }
            for (width, height) in [DESKTOP, PHONES[0], PHONES[1]] {
                browser.resize((width, height)).await?;
                let place = format!("{name}-{scheme}-{width}");
                browser.screenshot(&place).await?;
                let overflow = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth;");
                if overflow.await? != 0 {
                    wrong.push(format!("{place}: the page is wider than the window"));
                }
                wrong.extend(
                    violations(browser, &axe)
                        .await?
                        .into_iter()
                        .map(|found| format!("{place}: {found}")),
                );
            }
        }
    }
    set_system(browser, "light").await?;
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

const VIEWS: [&str; 9] = [
    "translate",
    "attention",
    "summarize",
    "classify",
    "generate",
    "fill-mask",
    "similar",
    "compare",
    "training",
];

/// What axe finds on the page.
async fn violations(browser: &Browser, axe: &str) -> Result<Vec<String>> {
    let script = format!(
        "{axe}; axe.run(document, {{ runOnly: {RULES} }}).then(({{ violations }}) => done(violations.map(({{ id, nodes }}) =>
           `${{id}}: ` + nodes.map(({{ target, failureSummary }}) => `${{target}} ${{failureSummary}}`).join('; '))));"
    );
    Ok(serde_json::from_value(browser.run_async(&script).await?)?)
}

/// Brings a view to a state that is worth looking at.
async fn use_view(browser: &Browser, view: &str) -> Result<()> {
    let field = format!("#panel-{view} textarea");
    let go = format!("#panel-{view} .primary");
    match view {
        "translate" => {
            let text = "Save the file as a copy. The window could not be opened.\n\nDelete all messages in this folder?";
            browser.fill(&field, text).await?;
            browser.wait(".output .word").await?;
            browser.press([Key::Tab, Key::Tab, Key::Right, Key::Right]).await?;
        }
        "attention" => drop(browser.wait(".drawing svg").await?),
        "training" => drop(browser.wait(".chart .curve").await?),
        "similar" => {
            browser.fill(&field, "How do I get my money back?").await?;
            let texts = "Refunds are paid within a week.\nHow do I change my password?\nDo you ship to Norway?";
            browser.fill("#panel-similar .entry:nth-of-type(3) textarea", texts).await?;
            browser.click(&go).await?;
            browser.wait("#panel-similar .card").await?;
        }
        "fill-mask" => {
            browser.click(&go).await?;
            browser.wait("#panel-fill-mask .card").await?;
        }
        _ => {
            browser.fill(&field, "one two three four one two three four").await?;
            browser.click(&go).await?;
            browser.wait(&format!("#panel-{view} .card")).await?;
            browser.until(&format!("!document.querySelector('#panel-{view} .busy')")).await?;
        }
    }
    Ok(())
}
