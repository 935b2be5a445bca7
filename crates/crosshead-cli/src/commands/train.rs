//! `crosshead train`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use crosshead::Recipe;
use crosshead::run::{Event, Host, Summary, train};
use serde_json::json;

use crate::args::{Compute, Train};
use crate::progress::{Progress, minutes};
use crate::{commands::recipes, device, embedded, output};

/// How many translations are shown at the end.
const SAMPLES: usize = 10;

pub(crate) fn run(args: &Train, compute: &Compute) -> anyhow::Result<()> {
    let started = Instant::now();
    let (name, recipe) = load(args)?;
    let dir = args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(name));
    let device = device::open(compute.device)?;
    let mut terminal = Terminal { progress: None, stop: stop_on_signals()? };
    let Some(summary) = train(&recipe, &dir, args.resume, &device, &mut terminal)? else {
        output::message(format_args!(
            "stopped; go on with: crosshead train {} --resume",
            again(args)
        ));
        return Ok(());
    };
    report(&summary, started.elapsed(), args.json)
}

/// The recipe and the name of its run.
fn load(args: &Train) -> anyhow::Result<(String, Recipe)> {
    let path = Path::new(&args.recipe);
    if path.extension().is_some_and(|extension| extension == "toml") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok((name, Recipe::from_file(path, &args.set)?));
    }
    let recipe = recipes::find(&args.recipe)?;
    Ok((recipe.name.to_owned(), Recipe::parse(recipe.name, recipe.text, &args.set)?))
}

/// The arguments that name this run again.
fn again(args: &Train) -> String {
    let sets = args.set.iter().map(|set| format!(" --set '{set}'"));
    let out = args.out.iter().map(|out| format!(" --out '{}'", out.display()));
    std::iter::once(args.recipe.clone()).chain(sets).chain(out).collect()
}

/// A flag that Ctrl-C and SIGTERM raise; a second one ends the program at once.
fn stop_on_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        output::message("stopping after this step; once more to stop at once without saving");
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(stop)
}

struct Terminal {
    progress: Option<Progress>,
    stop: Arc<AtomicBool>,
}

impl Terminal {
    fn message(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.message(text),
            None => output::message(text),
        }
    }
}

impl Host for Terminal {
    fn embedded(&self, name: &str) -> Option<&[u8]> {
        embedded::data(name)
    }

    fn on_event(&mut self, event: Event<'_>) {
        match event {
            Event::Message(text) => self.message(&text),
            Event::Step { report, steps } => {
                let at = &report.progress;
                let text = format!(
                    "epoch {} loss {:.3} lr {:.2e} {:.0} tokens/s",
                    at.epoch + 1,
                    report.loss,
                    report.learning_rate,
                    at.tokens as f64 / at.seconds.max(1e-9),
                );
                self.progress.get_or_insert_with(|| Progress::new(steps)).update(at.step, &text);
            }
            Event::Validated { step, loss, bleu, best } => {
                let kept = if best { "  best so far, saved" } else { "" };
                self.message(&format!("step {step}: valid loss {loss:.4}, BLEU {bleu:.2}{kept}"));
            }
            Event::Translated { done, total } => {
                if done == total {
                    self.message(&format!("translated {total} test sentences"));
                }
            }
        }
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

fn report(summary: &Summary, elapsed: Duration, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::line(json!({
            "model": summary.model,
            "seconds": elapsed.as_secs_f64(),
            "train_seconds": summary.train_seconds,
            "test": summary.test,
        }));
    }
    if let Some(test) = &summary.test {
        let samples = summary.test_pairs.iter().zip(&test.translations).take(SAMPLES);
        for (pair, translation) in samples {
            output::line(format_args!("source       {}", pair.source))?;
            output::line(format_args!("translation  {translation}"))?;
            output::line(format_args!("reference    {}\n", pair.target))?;
        }
        output::line(format_args!("test BLEU {:.2}  {}", test.bleu.score, test.bleu.signature))?;
        output::line(format_args!("test chrF {:.2}  {}", test.chrf.score, test.chrf.signature))?;
    }
    let training = Duration::from_secs_f64(summary.train_seconds);
    output::line(format_args!(
        "time {} in all, {} in training steps",
        minutes(elapsed),
        minutes(training)
    ))?;
    output::line(format_args!("model {}", summary.model.display()))
}
