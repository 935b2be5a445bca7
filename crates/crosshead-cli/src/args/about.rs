//! Arguments of the commands about the program itself.

use std::path::PathBuf;

use clap_complete::Shell;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead licenses
  crosshead licenses translate-en-de")]
pub(crate) struct Licenses {
    /// Print the license texts of this data set
    #[arg(value_name = "NAME")]
    pub(crate) data: Option<String>,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead env
  crosshead env --json")]
pub(crate) struct Env {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead completions bash > ~/.local/share/bash-completion/completions/crosshead
  crosshead completions zsh > ~/.zfunc/_crosshead
  crosshead completions fish > ~/.config/fish/completions/crosshead.fish")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead man | man -l -
  crosshead man --out ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Write a page for each command to this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
