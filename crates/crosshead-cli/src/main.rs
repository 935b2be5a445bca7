//! The command `crosshead`: train, run and evaluate Transformers.

#[cfg(any(unix, windows))]
mod allocator;
mod args;
mod commands;
mod config;
mod device;
mod embedded;
mod models;
mod output;
mod progress;
mod terminal;

use std::process::ExitCode;

use args::{Args, Command};
use output::Told;

fn main() -> ExitCode {
    #[cfg(any(unix, windows))]
    allocator::keep_memory();
    match args::parse().and_then(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::abandon();
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Runs the program.
fn start(args: Args) -> anyhow::Result<()> {
    let messages = &args.messages;
    output::tell(match (messages.quiet, messages.verbose) {
        (true, _) => Told::Nothing,
        (false, true) => Told::Details,
        (false, false) => Told::Messages,
    });
    if !matches!(args.command, Command::Run(_)) {
        device::set_threads(args.compute.threads)?;
    }
    run(args)?;
    output::finish()
}

fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Train(train) => commands::train::run(&train, &args.compute),
        Command::Finetune(finetune) => commands::finetune::run(&finetune, &args.compute),
        Command::Translate(translate) => commands::translate::run(&translate, &args.compute),
        Command::Summarize(write) => commands::write::run(&write, &args.compute),
        Command::Classify(classify) => commands::classify::run(&classify, &args.compute),
        Command::TokenClassify(classify) => commands::token_classify::run(&classify, &args.compute),
        Command::Generate(generate) => commands::generate::run(&generate, &args.compute),
        Command::FillMask(fill_mask) => commands::fill_mask::run(&fill_mask, &args.compute),
        Command::Attention(attention) => commands::attention::run(&attention, &args.compute),
        Command::Evaluate(evaluate) => commands::evaluate::run(&evaluate, &args.compute),
        Command::Score(score) => commands::score::run(&score),
        Command::Rank(rank) => commands::rank::run(&rank, &args.compute),
        Command::Embed(embed) => commands::embed::run(&embed, &args.compute),
        Command::Similar(similar) => commands::similar::run(&similar, &args.compute),
        Command::Merge(merge) => commands::merge::run(&merge, &args.compute),
        Command::Quantize(quantize) => commands::quantize::run(&quantize, &args.compute),
        Command::Average(average) => commands::average::run(&average),
        Command::Plot(plot) => commands::plot::run(&plot),
        #[cfg(feature = "server")]
        Command::Serve(serve) => commands::serve::run(&serve, &args.compute),
        Command::Models(models) => commands::models::run(&models),
        Command::Run(ref run) => start(args::parse_words(&commands::run::words(run, &args)?)?),
        Command::Recipes(recipes) => commands::recipes::run(&recipes),
        #[cfg(feature = "hub")]
        Command::Fetch(fetch) => commands::fetch::run(&fetch),
        Command::Licenses(licenses) => commands::licenses::run(&licenses),
        Command::Env(env) => commands::env::run(&env, &args.messages),
        Command::Completions(completions) => commands::completions::run(&completions),
        Command::Man(man) => commands::completions::man(&man),
        Command::Inspect(inspect) => commands::inspect::run(&inspect, &args.compute),
    }
}
