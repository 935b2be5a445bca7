//! Standard input, line by line: each line is answered as soon as it arrives, in order, with one line of output.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Folder, assert_names, error_of, stderr};
use crate::models::{COMMANDS, answers, folder, run};
use crate::{embed, translators};

/// A command whose standard input stays open.
struct Session {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Session {
    fn start(folder: &Folder, args: &[&str]) -> Self {
        let mut command = folder.command(&[args, &["-"]].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, input, lines }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// The next line of output, while the pipe is open.
    #[track_caller]
    fn answer(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(120)).expect("an answer while the pipe is open")
    }

    /// Closes the pipe, and returns the remaining lines and the exit status.
    fn finish(mut self) -> (Vec<String>, std::process::Output) {
        drop(self.input.take());
        let rest = self.lines.iter().collect();
        (rest, self.child.wait_with_output().unwrap())
    }
}

#[test]
fn each_line_is_answered_while_the_pipe_is_open() {
    let folder = folder();
    for (args, line) in COMMANDS {
        let mut session = Session::start(&folder, args);
        let mut found = Vec::new();
        for input in [format!("{line}\n"), format!("{line} on\r\n")] {
            session.write(input.as_bytes());
            found.push(session.answer());
            if args[0] == "fill-mask" {
                found.push(session.answer());
            }
        }
        let (rest, output) = session.finish();
        assert!(output.status.success() && rest.is_empty(), "{args:?}: {rest:?}");
        // Neither answers nor random numbers depend on when a line arrives.
        let together = answers(&folder, args, format!("{line}\n{line} on\n").as_bytes());
        if args[0] == "embed" {
            assert_eq!(together.lines().count(), found.len());
        } else {
            assert_eq!(together.lines().collect::<Vec<_>>(), found, "{args:?}");
        }
    }
}

#[test]
fn lines_of_a_file_are_answered_in_order() {
    let folder = Folder::with_toy_corpus();
    embed::add_sentences(&folder);
    let words = ["one", "two", "three four five", "a longer line of words", ""];
    let lines: Vec<String> = (0..2000).map(|n| format!("{n} {}", words[n % words.len()])).collect();
    folder.write("lines.txt", lines.join("\n"));
    let output = folder
        .command(&["embed", "--model", "sentences", "-"])
        .stdin(File::open(folder.path("lines.txt")).unwrap())
        .output()
        .unwrap();
    let texts = String::from_utf8(output.stdout).unwrap();
    let texts = texts.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let texts: Vec<String> = texts.map(|line| line["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, lines);
}

#[test]
fn blank_lines_keep_their_positions() {
    let folder = folder();
    for (args, line) in COMMANDS {
        let input = format!("\n{line}\n\n \n{line}");
        let json = if args[0] == "embed" { vec![] } else { vec!["--json"] };
        let found = answers(&folder, &[args, &json[..]].concat(), input.as_bytes());
        let key = match args[0] {
            "translate" => "source",
            "summarize" => "document",
            "generate" => "prompt",
            _ => "text",
        };
        let texts = found.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let texts: Vec<String> = texts.map(|line| line[key].as_str().unwrap().to_owned()).collect();
        assert_eq!(texts, ["", line, "", " ", line], "{args:?}");
        let plain = answers(&folder, args, input.as_bytes());
        // For each of the two masks, there is a line with its predictions.
        let more = if args[0] == "fill-mask" { 2 } else { 0 };
        assert_eq!(plain.lines().count(), 5 + more, "{args:?}: {plain}");
        assert_eq!(answers(&folder, args, b""), "", "{args:?}");
    }
}

#[test]
fn lines_before_an_invalid_one_are_answered() {
    let folder = folder();
    for (args, line) in COMMANDS {
        let input =
            [line.as_bytes(), b"\n", line.as_bytes(), b"\n\xff\n", line.as_bytes()].concat();
        let output = run(&folder, args, &input);
        assert_names(&error_of(args, &output), &["standard input, line 3", "UTF-8"]);
        let expected = answers(&folder, args, format!("{line}\n{line}\n").as_bytes());
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{args:?}");
    }
    let args = COMMANDS[4].0;
    let output = run(&folder, args, b"the [MASK] sat\nno mask\nthe [MASK] sat\n");
    assert_names(&error_of(args, &output), &["standard input, line 2", "no mask", "[MASK]"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
}

#[test]
fn a_line_of_a_million_bytes_is_one_line() {
    let folder = Folder::with_toy_corpus();
    embed::add_sentences(&folder);
    let input = format!("{}\none\n", "one two ".repeat(125_000));
    let output = run(&folder, &["embed", "--model", "sentences"], input.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
    assert_names(&stderr(&output), &["warning", "text 1"]);
}

/// Output that contains line breaks, which must not be split in plain output.
const BREAKS: &str = "a\u{b}b\u{c}c\u{1c}d\u{1d}e\u{1e}f\u{85}g\u{2028}h\u{2029}i\tj";

#[test]
fn line_breaks_in_a_translation_become_spaces() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &[]);
    // From here on, the tokenizer decodes spaces and letters to line breaks.
    let path = folder.path("run/model/tokenizer.json");
    let mut tokenizer: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let replace = |pattern: &str, content: &str| serde_json::json!({ "type": "Replace", "pattern": { "String": pattern }, "content": content });
    let mut decoders = vec![tokenizer["decoder"].clone()];
    for (letter, text) in [
        (" ", "\r\nx\u{85}"),
        ("e", "\r\n"),
        ("i", "\n"),
        ("n", BREAKS),
        ("u", "\r"),
        ("s", "\u{2028}"),
    ] {
        decoders.push(replace(letter, text));
    }
    tokenizer["decoder"] = serde_json::json!({ "type": "Sequence", "decoders": decoders });
    fs::write(&path, tokenizer.to_string()).unwrap();
    let input = b"one two\nthree\nfour five\n";
    for command in ["translate", "summarize"] {
        let args = [command, "--model", "run"];
        let json = answers(&folder, &[&args[..], &["--json"]].concat(), input);
        let key = if command == "translate" { "translation" } else { "summary" };
        let texts: Vec<String> = json
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()[key].as_str().unwrap().to_owned()
            })
            .collect();
        assert!(texts.iter().any(|text| text.contains(['\n', '\r', '\u{2028}'])), "{texts:?}");
        // The characters at which Python's splitlines splits.
        let breaks = [
            '\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}',
            '\u{2029}',
        ];
        let expected: String = texts
            .iter()
            .map(|text| text.replace("\r\n", " ").replace(breaks, " ") + "\n")
            .collect();
        assert_eq!(answers(&folder, &args, input), expected);
    }
}

#[test]
fn each_prompt_and_each_similar_sentence_is_one_line() {
    let folder = folder();
    let prompts = ["the\ncat\r\nsat", "the\u{2028}dog"];
    let generate = ["generate", "--model", "language-model", "--max-tokens", "30"];
    let found = folder.ok(&[&generate[..], &prompts].concat());
    assert_eq!(found.matches(['\n', '\r', '\u{2028}']).count(), 2, "{found:?}");
    assert!(found.starts_with("the cat sat"), "{found:?}");
    let json = folder.ok(&[&generate[..], &["--json"], &prompts].concat());
    assert!(json.contains(r"the\ncat\r\nsat"), "{json}");

    folder.write("corpus.txt", format!("one\n{BREAKS}\n"));
    let args = ["similar", "--model", "sentences", "--corpus", "corpus.txt"];
    let found = folder.ok(&[&args[..], &["x"]].concat());
    let lines: Vec<&str> = found.lines().collect();
    assert!(lines.iter().all(|line| line.split('\t').count() == 2), "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with("\ta b c d e f g h i j")), "{lines:?}");
    let json = folder.ok(&[&args[..], &["--json", "x"]].concat());
    let texts = json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(texts.into_iter().any(|line| line["text"] == BREAKS), "{json}");
}

#[test]
fn each_chunk_of_a_sample_is_one_line() {
    let folder = crate::bad_tasks::folder();
    let prompts = r#"sample.prompts=["the\ncat\r\nsat"]"#;
    let sets = ["--set", "data.test=text.txt", "--set", prompts, "--set", "sample.tokens=40"];
    let train = ["train", "language-model.toml", "--out", "run"];
    let shown = folder.ok(&[&train[..], &sets].concat());
    let mut lines = shown.lines().map(|line| line.split_once("  ").unwrap_or((line, "")));
    assert_eq!(
        lines.next().map(|(name, text)| (name, text.trim())),
        Some(("prompt", "the cat sat"))
    );
    assert_eq!(lines.next().map(|(name, _)| name), Some("text"), "{shown}");
    assert_eq!(lines.next(), Some(("", "")), "{shown}");
}

#[test]
fn a_label_with_a_tab_is_one_field() {
    let folder = crate::bad_tasks::folder();
    let names = "data.names=[\"b\\ta\\nd\", \"g\\to\\nod\"]";
    folder.ok(&["train", "classify.toml", "--out", "run", "--set", names]);
    let found = folder.ok(&["classify", "--model", "run", "a lovely film"]);
    let fields: Vec<&str> = found.trim_end().split('\t').collect();
    assert!(["b a d", "g o od"].contains(&fields[0]) && fields.len() == 2, "{found:?}");
}

#[test]
fn a_closed_output_ends_a_command_quietly() {
    let folder = Folder::with_toy_corpus();
    translators::add_translator(&folder, "mbart50");
    let mut command = folder.command(&["translate", "--model", "model", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    child.stdin.as_mut().unwrap().write_all(b"the cat\n").unwrap();
    // Standard input stays open.
    let input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(input);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_waiting_command() {
    let folder = Folder::with_toy_corpus();
    translators::add_translator(&folder, "mbart50");
    let mut session = Session::start(&folder, &["translate", "--model", "model"]);
    session.write(b"the cat\n");
    session.answer();
    let pid = session.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let status = session.child.wait().unwrap();
    assert!(!status.success());
}
