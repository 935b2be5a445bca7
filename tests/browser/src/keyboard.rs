//! The page without a pointer.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::Value;
use thirtyfour::Key;

use crate::browser::Browser;
use crate::servers::Servers;

/// More presses of the Tab key than a view has controls.
const PRESSES: usize = 120;

async fn focused(browser: &Browser, what: &str) -> Result<Value> {
    browser.run(&format!("return document.activeElement?.{what} ?? null;")).await
}

pub(crate) async fn tabs_follow_the_arrow_keys(browser: &Browser, servers: &Servers) -> Result<()> {
    browser.open(&servers.all, "translate").await?;
    browser.run("document.querySelector('#tab-translate').focus();").await?;
    browser.press([Key::Right]).await?;
    ensure!(focused(browser, "id").await? == "tab-attention", "the focus does not follow");
    browser.wait("#panel-attention:not([hidden])").await?;
    browser.press([Key::End]).await?;
    browser.wait("#panel-training:not([hidden])").await?;
    browser.press([Key::Right]).await?;
    browser.wait("#panel-translate:not([hidden])").await?;
    // The address names the view, so that the browser's own keys go back.
    browser.run("history.back();").await?;
    browser.wait("#panel-training:not([hidden])").await?;
    let selected = browser.texts("[role=tab][aria-selected=true]").await?;
    ensure!(selected == ["Training"], "{selected:?}");
    Ok(())
}

pub(crate) async fn a_word_is_replaced_without_a_pointer(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    browser.open(&servers.all, "translate").await?;
    browser.fill("#panel-translate textarea", "Save the file as a copy.").await?;
    browser.wait(".output .word").await?;
    let before = browser.texts(".output").await?;
    // Past the button that clears the text.
    browser.press([Key::Tab, Key::Tab, Key::Right, Key::Right]).await?;
    ensure!(
        focused(browser, "className").await?.as_str().is_some_and(|name| name.contains("word")),
        "no word has the focus"
    );
    let word = focused(browser, "textContent").await?;
    browser.press([Key::Enter]).await?;
    browser.wait(".menu button").await?;
    browser.press([Key::Escape]).await?;
    browser.until("document.querySelector('.menu').hidden").await?;
    ensure!(focused(browser, "textContent").await? == word, "the focus does not return");
    browser.press([Key::Enter]).await?;
    browser.wait(".menu button").await?;
    browser.press([Key::Down, Key::Enter]).await?;
    browser
        .until(&format!("document.querySelector('.output').textContent !== {:?}", before.concat()))
        .await?;
    ensure!(
        focused(browser, "className").await?.as_str().is_some_and(|name| name.contains("word")),
        "the focus is lost"
    );
    Ok(())
}

pub(crate) async fn every_control_can_be_reached(
    browser: &Browser,
    servers: &Servers,
) -> Result<()> {
    for view in [
        "translate",
        "classify",
        "generate",
        "fill-mask",
        "similar",
        "compare",
        "summarize",
        "attention",
        "training",
    ] {
        browser.open(&servers.all, view).await?;
        if view == "attention" {
            browser.wait(".drawing svg").await?;
        }
        // Names each control that the Tab key should reach.
        browser.run(
            "let n = 0;
             for (const control of document.querySelectorAll('button, select, input, textarea, summary, a'))
               if (control.checkVisibility() && !control.disabled && control.tabIndex >= 0) control.dataset.control = n++;
             document.activeElement.blur();",
        )
        .await?;
        let mut reached = BTreeSet::new();
        for _ in 0..PRESSES {
            browser.press([Key::Tab]).await?;
            let state = browser.run(
                "const at = document.activeElement;
                 const style = getComputedStyle(at), around = getComputedStyle(at.parentElement ?? at);
                 const visible = style.outlineStyle !== 'none' || around.outlineStyle !== 'none' || at === document.body;
                 return [at.dataset.control ?? null, visible, at.outerHTML.slice(0, 80)];",
            );
            let state = state.await?;
            ensure!(state[1] == true, "{view}: the focus is not visible on {}", state[2]);
            if let Some(control) = state[0].as_str() {
                let is_new = reached.insert(control.to_owned());
                if !is_new && control == "0" {
                    break;
                }
            }
        }
        let missed = browser.run("return [...document.querySelectorAll('[data-control]')].map((c) => c.dataset.control);").await?;
        let all: Vec<String> = serde_json::from_value(missed)?;
        let missed: Vec<&String> =
            all.iter().filter(|control| !reached.contains(*control)).collect();
        ensure!(missed.is_empty(), "{view}: controls {missed:?} of {} are not reached", all.len());
    }
    Ok(())
}
