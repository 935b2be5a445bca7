//! Each job on a few lines of data.

mod data;
mod divergence;
mod objectives;
mod recipes;
mod resuming;
mod runs;
mod validation;

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use tempfile::TempDir;

use crate::host::{Event, Events, Host, NoAssets, Stop};
use crate::job::{Job, Setup, Visitor};
use crate::report::MetricValue;
use crate::{Recipe, RunError, Summary, train};

/// Messages of a run.
#[derive(Default)]
pub(super) struct Messages(Vec<String>);

impl Events for Messages {
    fn on_event(&mut self, event: Event<'_>) {
        if let Event::Message(text) = event {
            self.0.push(text);
        }
    }
}

/// Requests a stop after a step.
struct StopAfter(u64, Stop);

impl Events for StopAfter {
    fn on_event(&mut self, event: Event<'_>) {
        if let Event::Step { report, .. } = event
            && report.progress.step == self.0
        {
            self.1.request();
        }
    }
}

/// Runs a recipe in `dir`; a run that is interrupted after a step is resumed.
pub(super) fn run(
    folder: &TempDir,
    dir: &str,
    recipe: &Recipe,
    interrupted: Option<u64>,
) -> Summary {
    let dir = folder.path().join(dir);
    let device = Device::flex();
    if let Some(step) = interrupted {
        let stop = Stop::default();
        let mut events = StopAfter(step, stop.clone());
        let host = Host { assets: &NoAssets, events: &mut events, stop };
        assert!(train(recipe, &dir, false, &device, host).unwrap().is_none());
    }
    let (events, resume) = (&mut Messages::default(), interrupted.is_some());
    let host = Host { assets: &NoAssets, events, stop: Stop::default() };
    train(recipe, &dir, resume, &device, host).unwrap().unwrap()
}

/// A folder with the data of every task.
pub(super) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    let things = ["film", "song", "meal", "book"];
    let pairs = |n: usize| format!("a {} {n}\tein {} {n}\n", things[n % 4], things[(n + 1) % 4]);
    write("pairs.tsv", (0..12).map(pairs).collect());
    let labelled = |n: usize| format!("{}\ta {} of {n}\n", ["bad", "good"][n % 2], things[n % 4]);
    write("labelled.tsv", (0..12).map(labelled).collect());
    let tagged = |n: usize| format!("a\tO\n{}\tB-THING\n{n}\tI-THING\n\n", things[n % 4]);
    write("tagged.tsv", (0..12).map(tagged).collect());
    write("text.txt", "the old cat sat on the mat and the dog ran away. ".repeat(4));
    folder
}

/// A small recipe for a task, with one of the files of [`folder`] as its data.
pub(super) fn recipe(folder: &TempDir, task: &str, sets: &[&str]) -> Result<Recipe, RunError> {
    let file = match task {
        "translate" | "summarize" | "embed" => "pairs.tsv",
        "classify" => "labelled.tsv",
        "token-classify" => "tagged.tsv",
        "language-model" | "masked-lm" | "span-corruption" => "text.txt",
        other => panic!("no data for {other}"),
    };
    let path = folder.path().join(file).display().to_string();
    let text = format!(
        "task = \"{task}\"\n[data]\ntrain = \"{path}\"\nvalid = \"{path}\"\n\
         [model]\npreset = \"tiny\"\nmax_len = 32\n[tokenizer]\nvocab_size = 60\n\
         [train]\nsteps = 2\nbatch_examples = 4\nvalidate_every = 2\n"
    );
    // Windows of running text are short, so that the text has more than one.
    let own: &[&str] = match task {
        "language-model" => &["data.context=8", "tokenizer.kind=char"],
        "masked-lm" | "span-corruption" => &["data.context=8"],
        _ => &[],
    };
    let sets: Vec<String> = own.iter().chain(sets).map(|&set| set.to_owned()).collect();
    Recipe::parse("test", &text, &sets)
}

/// Loads a job and validates the model that training starts from.
struct FirstValidation<'a>(&'a Path);

impl Visitor for FirstValidation<'_> {
    type Output = Result<Vec<MetricValue>, RunError>;

    fn visit<J: Job>(self, sections: &J::Recipe) -> Self::Output {
        let device = Device::flex();
        let setup = Setup { dir: self.0, resume: false, device: &device, assets: &NoAssets };
        let job = J::load(sections, &setup, &mut Messages::default())?;
        let model = job.model(&device, &mut Messages::default())?;
        job.validate(&model, &mut Messages::default())
    }
}

/// The validation metrics of a model with random weights.
pub(super) fn first_validation(
    folder: &TempDir,
    recipe: &Recipe,
) -> Result<Vec<MetricValue>, RunError> {
    recipe.visit(FirstValidation(&folder.path().join("run")))
}
