//! The command `crosshead`: train, run and evaluate Transformers.

#[cfg(any(unix, windows))]
mod allocator;
mod args;
mod commands;
mod device;
mod embedded;
mod output;
mod progress;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    #[cfg(any(unix, windows))]
    allocator::keep_memory();
    let args = Args::parse();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<()> {
    device::set_threads(args.compute.threads)?;
    match args.command {
        Command::Train(train) => commands::train::run(&train, &args.compute),
        Command::Finetune(finetune) => commands::finetune::run(&finetune, &args.compute),
        Command::Translate(translate) => commands::translate::run(&translate, &args.compute),
        Command::Summarize(write) => commands::write::run(&write, &args.compute),
        Command::Classify(classify) => commands::classify::run(&classify, &args.compute),
        Command::TokenClassify(classify) => commands::token_classify::run(&classify, &args.compute),
        Command::Generate(generate) => commands::generate::run(&generate, &args.compute),
        Command::FillMask(fill_mask) => commands::fill_mask::run(&fill_mask, &args.compute),
        Command::Evaluate(evaluate) => commands::evaluate::run(&evaluate, &args.compute),
        Command::Score(score) => commands::score::run(&score),
        Command::Rank(rank) => commands::rank::run(&rank, &args.compute),
        Command::Embed(embed) => commands::embed::run(&embed, &args.compute),
        Command::Similar(similar) => commands::similar::run(&similar, &args.compute),
        Command::Merge(merge) => commands::merge::run(&merge, &args.compute),
        Command::Quantize(quantize) => commands::quantize::run(&quantize, &args.compute),
        Command::Average(average) => commands::average::run(&average),
        Command::Plot(plot) => commands::plot::run(&plot),
        Command::Recipes(recipes) => commands::recipes::run(&recipes),
        #[cfg(feature = "hub")]
        Command::Fetch(fetch) => commands::fetch::run(&fetch),
        Command::Licenses(licenses) => commands::licenses::run(&licenses),
        Command::Env(env) => commands::env::run(&env),
        Command::Completions(completions) => commands::completions::run(&completions),
        Command::Man(man) => commands::completions::man(&man),
        Command::Inspect(inspect) => commands::inspect::run(&inspect, &args.compute),
    }
}
