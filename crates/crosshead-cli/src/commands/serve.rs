//! `crosshead serve`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use crosshead_assets::models as embedded;
use crosshead_server::{ModelSource, Options, Server};
use tracing_subscriber::filter::LevelFilter;

use super::quantize::compute_type;
use crate::args::{Compute, LogForm, Logs, Serve};
use crate::output::Told;
use crate::{device, models, output};

pub(crate) fn run(args: &Serve, compute: &Compute) -> anyhow::Result<()> {
    log(&args.logs);
    let device = device::open(compute.device)?;
    let sources = sources(&args.model)?;
    for source in &sources {
        output::detail(format_args!("model {} {}", source.name, source.dir.display()));
        // Prints a note if the device computes int8 weights in f32.
        compute_type(&source.dir, &args.precision, &device)?;
    }
    let (access, limits) = (&args.access, &args.limits);
    let keys = match &access.api_key_file {
        Some(path) => keys(path)?,
        None => Vec::new(),
    };
    let server = Server::new(
        Options {
            address: SocketAddr::new(args.host, args.port),
            compute_type: args.precision.compute_type.into(),
            keys,
            open: access.open,
            hosts: access.allow_host.clone(),
            cors: access.cors.clone(),
            requests_per_minute: access.rate_limit,
            body_bytes: usize::from(limits.max_body) << 20,
            characters: limits.max_characters,
            queued_tokens: limits.queue_tokens,
            batch_tokens: limits.batch_tokens,
            max_tokens: limits.max_tokens,
            timeout: Duration::from_secs(limits.timeout.into()),
            runs: args.runs.clone(),
            log_texts: args.logs.log_texts,
            ..Options::new(device)
        },
        sources,
    )?;
    let stopper = server.stopper();
    ctrlc::set_handler(move || stopper.stop()).context("cannot install the Ctrl-C handler")?;
    output::line(format_args!("http://{}", server.address()))?;
    Ok(server.run()?)
}

/// The models of `--model`, or the built-in ones.
fn sources(asked: &[String]) -> anyhow::Result<Vec<ModelSource>> {
    if asked.is_empty() {
        let names: Vec<String> =
            embedded::all().iter().map(|model| model.name().to_owned()).collect();
        if names.is_empty() {
            bail!("this build has no built-in models; name one with --model");
        }
        return names.iter().map(|name| source(name)).collect();
    }
    asked.iter().map(|asked| source(asked)).collect()
}

/// A model as `NAME=MODEL`, or with the last part of its path as its name.
fn source(asked: &str) -> anyhow::Result<ModelSource> {
    let named = asked.split_once('=').filter(|_| !Path::new(asked).exists());
    let (name, path) = match named {
        Some((name, path)) => (name.to_owned(), path),
        None => {
            let last = Path::new(asked).file_name().unwrap_or_default();
            (last.to_string_lossy().into_owned(), asked)
        }
    };
    let is_run = Path::new(models::RUNS).join(path).is_dir();
    let built_in = embedded::find(path).is_some() && !Path::new(path).exists() && !is_run;
    Ok(ModelSource { name, dir: models::locate(Path::new(path))?, built_in })
}

/// The keys of a file: one per line; empty lines and those that begin with `#` are skipped.
fn keys(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().map(str::trim);
    let keys: Vec<String> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    if keys.is_empty() {
        bail!("{}: no keys; write one per line", path.display());
    }
    Ok(keys)
}

/// Logs to standard error.
fn log(logs: &Logs) {
    let level = match (output::tells(Told::Details), output::tells(Told::Messages)) {
        (true, _) => LevelFilter::DEBUG,
        (false, true) => LevelFilter::INFO,
        (false, false) => LevelFilter::WARN,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_target(false);
    match logs.log {
        LogForm::Plain => subscriber.with_ansi(false).init(),
        LogForm::Json => subscriber.json().init(),
    }
}
