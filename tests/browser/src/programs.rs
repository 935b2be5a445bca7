//! Programs that run during the tests, and end with them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long a program may take until it says that it is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A running program, which is stopped when this is dropped.
pub(crate) struct Program(Child);

impl Program {
    /// Starts a program, and waits until `find` finds a value in a line of its output.
    ///
    /// # Errors
    /// If it cannot be started, or ends without such a line.
    pub(crate) fn start<T: Send + 'static>(
        command: &mut Command,
        find: impl Fn(&str) -> Option<T> + Clone + Send + 'static,
    ) -> Result<(Self, T)> {
        let name = command.get_program().display().to_string();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let (found, wait) = mpsc::channel();
        let (seen, output) = mpsc::channel();
        let read = |stream: Option<Box<dyn Read + Send>>| {
            let (found, seen, find) = (found.clone(), seen.clone(), find.clone());
            let lines = stream.map(|stream| BufReader::new(stream).lines());
            // Reads to the end, so that the program never waits for a full pipe.
            thread::spawn(move || {
                for line in lines.into_iter().flatten().map_while(Result::ok) {
                    if let Some(value) = find(&line) {
                        let _ = found.send(value);
                    }
                    let _ = seen.send(line);
                }
            });
        };
        read(child.stdout.take().map(|stream| Box::new(stream) as _));
        read(child.stderr.take().map(|stream| Box::new(stream) as _));
        drop(found);
        let program = Self(child);
        match wait.recv_timeout(PATIENCE) {
            Ok(value) => Ok((program, value)),
            Err(_) => {
                let lines: Vec<String> = output.try_iter().collect();
                bail!("{name} does not get ready:\n{}", lines.join("\n"))
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
