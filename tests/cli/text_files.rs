//! Texts from files, pipes and terminals, and results in files.

use std::fs::{self, File};

use crate::harness::{Folder, assert_names, error_of, stderr};
use crate::models::{COMMANDS, answers, folder};

#[test]
fn files_are_read_and_written_like_pipes() {
    let folder = folder();
    for (args, line) in COMMANDS {
        let lines = format!("{line}\n\n{line}\n");
        folder.write("lines.txt", &lines);
        let expected = answers(&folder, args, lines.as_bytes());
        // Without a text, standard input is read.
        let input = File::open(folder.path("lines.txt")).unwrap();
        let piped = folder.command(args).stdin(input).output().unwrap();
        let piped = String::from_utf8(piped.stdout).unwrap();
        if args[0] == "embed" {
            // The last bits of a vector depend on its batch.
            let read = folder.ok(&[args, &["-i", "lines.txt"]].concat());
            assert_eq!([piped.lines().count(), read.lines().count()], [3, 3]);
            continue;
        }
        assert_eq!(piped, expected, "{args:?}");
        // translate -i is a document.
        if args[0] != "translate" {
            assert_eq!(folder.ok(&[args, &["-i", "lines.txt"]].concat()), expected, "{args:?}");
            folder.ok(&[args, &["--file", "lines.txt", "--out", "answers.txt"]].concat());
            assert_eq!(
                fs::read_to_string(folder.path("answers.txt")).unwrap(),
                expected,
                "{args:?}"
            );
        }
    }
    let [(translate, line), ..] = COMMANDS;
    let printed = folder.ok(&[translate, &[line]].concat());
    assert_eq!(folder.ok(&[translate, &[line, "-o", "answers.txt"]].concat()), "");
    assert_eq!(fs::read_to_string(folder.path("answers.txt")).unwrap(), printed);
}

#[test]
fn an_error_leaves_the_old_file_and_keeps_the_answers_before_it() {
    let folder = folder();
    let (args, line) = COMMANDS[1];
    folder.write("lines.txt", [line.as_bytes(), b"\n\xff\n"].concat());
    folder.write("out.txt", "old");
    let args = [args, &["-i", "lines.txt", "-o", "out.txt"]].concat();
    let message = error_of(&args, &folder.command(&args).output().unwrap());
    assert_names(&message, &["lines.txt, line 2", "UTF-8", "out.txt.partial"]);
    assert_eq!(fs::read_to_string(folder.path("out.txt")).unwrap(), "old");
    assert_eq!(fs::read_to_string(folder.path("out.txt.partial")).unwrap().lines().count(), 1);

    let missing = ["summarize", "--model", "model", "-i", "none.txt", "-o", "new.txt"];
    assert_names(&folder.fails(&missing), &["none.txt"]);
    let no_model = ["summarize", "--model", "none", "-i", "lines.txt", "-o", "new.txt"];
    folder.fails(&no_model);
    for file in ["new.txt", "new.txt.partial"] {
        assert!(!folder.path(file).exists(), "{file}");
    }
}

#[test]
fn quiet_and_verbose_change_what_is_told() {
    let folder = Folder::with_toy_corpus();
    assert_names(&folder.told(&["train", "tiny.toml", "--out", "run"]), &["100 training pairs"]);
    assert_eq!(folder.told(&["train", "tiny.toml", "--out", "quiet", "-q"]), "");
    let args = ["translate", "--model", "run", "one"];
    assert_eq!(folder.told(&args), "");
    assert_names(&folder.told(&[&args[..], &["-v"]].concat()), &["model run"]);
    let both = folder.command(&["-q", "-v", "recipes"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2), "{}", stderr(&both));
    // An error is printed in any case.
    assert_names(&folder.fails(&["-q", "translate", "--model", "none", "one"]), &["none"]);
}

#[test]
fn pairs_are_enough_to_train_a_translator() {
    let folder = Folder::with_toy_corpus();
    let tiny =
        ["--set", "model.preset=tiny", "--set", "train.steps=4", "--set", "train.validate_every=2"];
    let args = ["train", "--data", "toy.tsv", "--from", "en", "--to", "de"];
    let told = folder.told(&[&args[..], &tiny].concat());
    assert_names(
        &told,
        &["column 1 is the source, column 2 the target", "held out: ", "vocabulary: "],
    );
    assert_eq!(folder.ok(&["translate", "--model", "en-de", "one two"]).lines().count(), 1);
    let parts = ["train", "valid", "test"].map(|part| {
        let text = fs::read_to_string(folder.path(&format!("runs/en-de/data/{part}.tsv"))).unwrap();
        text.lines().count()
    });
    assert_eq!(parts.iter().sum::<usize>(), 100, "{parts:?}");
    assert_names(&folder.fails(&args), &["runs/en-de", "--resume", "--out"]);

    // Columns may have the names of the languages, in any order.
    let toy = fs::read_to_string(folder.path("toy.tsv")).unwrap();
    let swapped = toy.lines().map(|line| {
        let (source, target) = line.split_once('\t').unwrap();
        format!("{target}\t{source}\n")
    });
    folder.write("named.tsv", format!("de\ten\n{}", swapped.collect::<String>()));
    let named = ["train", "--data", "named.tsv", "--from", "en", "--to", "de", "--out", "named"];
    let told = folder.told(&[&named[..], &tiny].concat());
    assert_names(&told, &["column `en` is the source, column `de` the target"]);
    let weights = |run: &str| fs::read(folder.path(run).join("model/model.safetensors")).unwrap();
    assert_eq!(weights("named"), weights("runs/en-de"), "the same pairs");
}

#[cfg(unix)]
#[test]
fn a_terminal_without_a_text_gets_a_prompt() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    // util-linux's script gives the command a terminal.
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    let folder = folder();
    let expected = folder.ok(&["translate", "--model", "model", "--beams", "2", "the cat sat"]);
    let run = format!("{} translate --model model --beams 1", env!("CARGO_BIN_EXE_crosshead"));
    let mut command = folder.command(&[]);
    let mut script = Command::new("script");
    script.args(["-qec", &run, "/dev/null"]).current_dir(folder.path("."));
    for (name, value) in command.stdin(Stdio::piped()).get_envs() {
        if let Some(value) = value {
            script.env(name, value);
        }
    }
    let mut child =
        script.env("TERM", "dumb").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let typed = "/beams x\n/model y\n/beams 2\nthe cat sat\n/help\n/quit\n";
    child.stdin.as_mut().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    assert_names(&text, &["error: invalid value 'x'", "unknown command /model", expected.trim()]);
    assert_names(&text, &["/beams N", "/quit"]);
}
