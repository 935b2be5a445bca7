//! Chromium, and what a user does in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, Key};

use crate::programs::{Program, root};

/// How long a test waits for something to appear.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// Options for a browser without a window and without background requests.
const OPTIONS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
];

/// Collects errors of scripts and violations of the content security policy, before the page's own scripts run.
const WATCH: &str = "window.problems = [];
    const note = (text) => window.problems.push(String(text));
    addEventListener('error', (event) => note(event.message ?? `cannot load ${event.target?.src ?? event.target?.href}`), true);
    addEventListener('unhandledrejection', (event) => note(event.reason));
    addEventListener('securitypolicyviolation', (event) => note(`${event.violatedDirective}: ${event.blockedURI}`));";

/// The desktop: width and height in pixels.
pub(crate) const DESKTOP: (u32, u32) = (1280, 860);

/// A browser with one window.
pub(crate) struct Browser {
    driver: WebDriver,
    downloads: TempDir,
    _profile: TempDir,
    _program: Program,
}

impl Browser {
    /// Starts chromedriver and Chromium.
    pub(crate) async fn start() -> Result<Self> {
        let mut command = Command::new("chromedriver");
        let (program, port) = Program::start(command.arg("--port=0"), |line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        })?;
        let (profile, downloads) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let mut options = DesiredCapabilities::chrome();
        for option in OPTIONS {
            options.add_arg(option)?;
        }
        options.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        options.set_binary("/usr/bin/chromium")?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), options).await?;
        let browser = Self { driver, downloads, _profile: profile, _program: program };
        let folder = browser.downloads.path();
        browser
            .send(
                "Browser.setDownloadBehavior",
                json!({ "behavior": "allow", "downloadPath": folder }),
            )
            .await?;
        browser.send("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await?;
        Ok(browser)
    }

    pub(crate) async fn quit(self) -> Result<()> {
        Ok(self.driver.quit().await?)
    }

    /// A desktop with an empty page, and the system's colors.
    pub(crate) async fn reset(&self) -> Result<()> {
        self.driver.goto("about:blank").await?;
        self.resize(DESKTOP).await
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub(crate) async fn send(&self, method: &str, parameters: Value) -> Result<Value> {
        Ok(self.driver.cdp().send_raw(method, parameters).await?)
    }

    pub(crate) async fn resize(&self, (width, height): (u32, u32)) -> Result<()> {
        let is_phone = width < 500;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone });
        self.send("Emulation.setDeviceMetricsOverride", size).await.map(drop)
    }

    /// Opens a view without anything that is kept in the browser.
    pub(crate) async fn open(&self, address: &str, view: &str) -> Result<()> {
        self.driver.goto("about:blank").await?;
        self.driver.goto(format!("{address}/#{view}")).await?;
        self.run("localStorage.clear(); sessionStorage.clear();").await?;
        self.driver.refresh().await?;
        self.wait(&format!("#panel-{view}:not([hidden]) > *")).await.map(drop)
    }

    /// Runs a script, and gives its result.
    pub(crate) async fn run(&self, script: &str) -> Result<Value> {
        let result =
            self.driver.execute(script, Vec::new()).await.with_context(|| script.to_owned())?;
        Ok(result.json().clone())
    }

    /// Runs a script that calls the function `done`.
    pub(crate) async fn run_async(&self, script: &str) -> Result<Value> {
        let script = format!("const done = arguments[arguments.length - 1];{script}");
        Ok(self.driver.execute_async(script, Vec::new()).await?.json().clone())
    }

    /// Waits until an expression is true.
    pub(crate) async fn until(&self, expression: &str) -> Result<()> {
        let start = Instant::now();
        while self.run(&format!("return Boolean({expression});")).await? != json!(true) {
            ensure!(start.elapsed() < PATIENCE, "this stays false: {expression}");
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Waits for a visible element.
    pub(crate) async fn wait(&self, css: &str) -> Result<WebElement> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            for element in self.driver.find_all(By::Css(css)).await? {
                if element.is_displayed().await.unwrap_or(false) {
                    return Ok(element);
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("{css} does not appear")
    }

    pub(crate) async fn all(&self, css: &str) -> Result<Vec<WebElement>> {
        Ok(self.driver.find_all(By::Css(css)).await?)
    }

    pub(crate) async fn click(&self, css: &str) -> Result<()> {
        Ok(self.wait(css).await?.click().await?)
    }

    /// Replaces the text of a field.
    pub(crate) async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.wait(css).await?;
        field.send_keys(Key::Control + "a").await?;
        field.send_keys(Key::Backspace + "").await?;
        Ok(field.send_keys(text).await?)
    }

    /// Sends keys to the element with the focus.
    pub(crate) async fn press(&self, keys: impl IntoIterator<Item = Key>) -> Result<()> {
        for key in keys {
            self.driver.action_chain().send_keys(key + "").perform().await?;
        }
        Ok(())
    }

    /// Chooses an option of a list by its value.
    pub(crate) async fn choose(&self, css: &str, value: &str) -> Result<()> {
        self.click(&format!("{css} option[value=\"{value}\"]")).await
    }

    pub(crate) async fn hover(&self, element: &WebElement) -> Result<()> {
        element.scroll_into_view().await?;
        Ok(self.driver.action_chain().move_to_element_center(element).perform().await?)
    }

    /// Moves the pointer to a point of the window.
    pub(crate) async fn point(&self, x: i64, y: i64) -> Result<()> {
        Ok(self.driver.action_chain().move_to(x, y).perform().await?)
    }

    pub(crate) async fn text(&self, css: &str) -> Result<String> {
        Ok(self.wait(css).await?.text().await?)
    }

    /// The texts of all elements, whether visible or not.
    pub(crate) async fn texts(&self, css: &str) -> Result<Vec<String>> {
        let script =
            format!("return [...document.querySelectorAll('{css}')].map((e) => e.textContent);");
        Ok(serde_json::from_value(self.run(&script).await?)?)
    }

    /// A file that the page has saved, when it is complete.
    pub(crate) async fn saved(&self, name: &str) -> Result<String> {
        let path = self.downloads.path().join(name);
        let start = Instant::now();
        while !path.is_file() {
            ensure!(start.elapsed() < PATIENCE, "{name} is not saved");
            tokio::time::sleep(PAUSE).await;
        }
        Ok(fs::read_to_string(path)?)
    }

    /// Writes the whole page as a picture to `target/browser/`.
    pub(crate) async fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let folder = root().join("target/browser");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.png"));
        let height = self.run("return document.documentElement.scrollHeight;").await?;
        let width = self.run("return document.documentElement.clientWidth;").await?;
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let parameters = json!({ "captureBeyondViewport": true, "clip": clip });
        let picture = self.send("Page.captureScreenshot", parameters).await?;
        write_base64(&path, picture["data"].as_str().context("no picture")?)?;
        Ok(path)
    }

    /// Fails if a script of the page had an error, or the page used what its policy forbids.
    pub(crate) async fn check_for_problems(&self) -> Result<()> {
        let problems = self.run("return window.problems ?? [];").await?;
        ensure!(problems == json!([]), "problems of the page: {problems}");
        Ok(())
    }
}

fn write_base64(path: &Path, data: &str) -> Result<()> {
    Ok(fs::write(path, thirtyfour::support::base64_decode(data)?)?)
}
