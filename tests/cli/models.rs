//! Small models for every command that reads lines.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::harness::{Folder, stderr};
use crate::{bad_tasks, embed, translators};

const MASKED_LM: &str = r#"
task = "masked-lm"
[data]
train = "text.txt"
valid = "text.txt"
context = 16
[tokenizer]
vocab_size = 60
[model]
preset = "tiny"
max_len = 16
[train]
steps = 2
validate_every = 2
"#;

/// The commands that answer each line of standard input, and a valid input line for each.
pub(crate) const COMMANDS: [(&[&str], &str); 6] = [
    (&["translate", "--model", "model"], "the cat sat"),
    (&["summarize", "--model", "model"], "the cat sat"),
    (&["classify", "--model", "classifier"], "a lovely film"),
    (&["generate", "--model", "language-model", "--max-tokens", "12"], "the cat"),
    (&["fill-mask", "--model", "masked-lm"], "the [MASK] sat"),
    (&["embed", "--model", "sentences"], "the cat sat"),
];

/// A folder with the models for [`COMMANDS`].
pub(crate) fn folder() -> Folder {
    let folder = bad_tasks::folder();
    translators::add_translator(&folder, "mbart50");
    embed::add_sentences(&folder);
    folder.write("masked-lm.toml", MASKED_LM);
    for (recipe, out) in [
        ("classify.toml", "classifier"),
        ("language-model.toml", "language-model"),
        ("masked-lm.toml", "masked-lm"),
    ] {
        folder.ok(&["train", recipe, "--out", out]);
    }
    folder
}

/// Runs a command with these bytes as standard input.
pub(crate) fn run(folder: &Folder, args: &[&str], input: &[u8]) -> Output {
    let mut command = folder.command(&[args, &["-"]].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that rejects its input may exit without reading all of it.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    output
}

/// The output of a command, which must succeed, for these bytes of standard input.
pub(crate) fn answers(folder: &Folder, args: &[&str], input: &[u8]) -> String {
    let output = run(folder, args, input);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}
