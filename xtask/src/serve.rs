//! A running server: `crosshead serve`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::root;

/// A server that ends with this value.
pub(crate) struct Server {
    child: Child,
    /// The address, as in `http://127.0.0.1:5000`.
    pub(crate) url: String,
}

impl Server {
    /// Starts a program with the models, each as `NAME=PATH`, and more arguments.
    pub(crate) fn start(program: &Path, models: &[String], more: &[&Path]) -> Result<Self> {
        let mut command = Command::new(program);
        command.current_dir(root()).args(["serve", "--no-config", "--quiet", "--port", "0"]);
        for model in models {
            command.args(["--model", model]);
        }
        let child = command.args(more).stdout(Stdio::piped()).spawn();
        let child = child.with_context(|| format!("cannot start {}", program.display()))?;
        let mut server = Self { child, url: String::new() };
        let output = server.child.stdout.take().context("the server has no output")?;
        BufReader::new(output).read_line(&mut server.url)?;
        server.url.truncate(server.url.trim_end().len());
        if server.url.is_empty() {
            bail!("the server did not start");
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
