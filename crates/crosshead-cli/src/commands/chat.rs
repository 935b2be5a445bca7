//! The prompt of `crosshead generate`: continuations, or a conversation with `--chat`.

use crosshead::tokenize::ChatMessage;
use crosshead::{DecodeOptions, Generator};

use super::continuation::{options, stream, streamed};
use super::prompt::{self, Entry, Session};
use crate::args::{Command, Generate};

/// The options that can change during a session.
const OPTIONS: [&str; 6] = ["max-tokens", "temperature", "top-k", "top-p", "seed", "system"];

/// Reads prompts, and streams what follows them. In a chat, each message is answered after the ones before; a new system
/// message begins a new conversation.
pub(super) fn run(generator: &Generator, args: &Generate) -> anyhow::Result<()> {
    let mut current: Option<Generate> = None;
    let mut conversation: Vec<ChatMessage> = Vec::new();
    let mut turn = 0;
    prompt::run(&mut Session::new("generate", &OPTIONS), |entry| {
        let args = current.as_ref().unwrap_or(args);
        let text = match entry {
            Entry::Text(text) => text,
            Entry::Changed(changed) => {
                if let Command::Generate(changed) = changed.command {
                    if changed.system != args.system {
                        conversation.clear();
                    }
                    current = Some(changed);
                }
                return Ok(());
            }
        };
        // Each turn has its own random numbers.
        let options = DecodeOptions { first_sequence: Some(turn), ..options(args) };
        turn += 1;
        if !args.chat {
            return stream(generator, args, &[text], &options);
        }
        let system = args.system.as_deref().map(|text| ChatMessage::new("system", text));
        let user = ChatMessage::new("user", text);
        let messages: Vec<ChatMessage> =
            system.into_iter().chain(conversation.iter().cloned()).chain([user.clone()]).collect();
        let answers = streamed(|hooks| generator.chat_with(&[messages], &options, hooks))?;
        conversation.push(user);
        let answers = answers.into_iter().map(|answer| ChatMessage::new("assistant", answer.text));
        conversation.extend(answers);
        Ok(())
    })
}
