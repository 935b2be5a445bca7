//! `crosshead run`: the command of a model's task.

use std::ffi::{OsStr, OsString};

use crosshead::ModelTask;
use crosshead::tokenize::Tokenizer;

use crate::args::{Args, DeviceName, Run};
use crate::models::{command_of, locate};

/// The flag that answers chat messages.
const CHAT: &str = "--chat";

/// The words of the command that runs the model.
pub(crate) fn words(run: &Run, args: &Args) -> anyhow::Result<Vec<OsString>> {
    let dir = locate(&run.model)?;
    let task = ModelTask::of(&dir)?;
    let mut words: Vec<OsString> = ["crosshead", command_of(task)].map(OsString::from).into();
    words.extend([OsString::from("--model"), dir.clone().into_os_string()]);
    if args.compute.device != DeviceName::Flex {
        words.extend(["--device".into(), args.compute.device.name().into()]);
    }
    if let Some(threads) = args.compute.threads {
        words.extend(["--threads".into(), threads.to_string().into()]);
    }
    let flags = [
        ("--quiet", args.messages.quiet),
        ("--verbose", args.messages.verbose),
        ("--no-config", args.messages.no_config),
        (CHAT, task == ModelTask::Generation && !has_chat(run) && chats(&dir)?),
    ];
    words.extend(flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.into()));
    words.extend(run.rest.iter().cloned());
    Ok(words)
}

fn has_chat(run: &Run) -> bool {
    run.rest.iter().any(|word| word.as_os_str() == OsStr::new(CHAT))
}

/// Whether the model has a chat template.
fn chats(dir: &std::path::Path) -> anyhow::Result<bool> {
    Ok(Tokenizer::from_dir(crosshead::model_files(dir, None)?.dir())?.has_chat_template())
}
