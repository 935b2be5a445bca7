//! Error messages for invalid input.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::harness::{Folder, assert_names, error_of, files, stderr};

#[test]
fn wrong_usage_exits_with_code_2() {
    let folder = Folder::with_toy_corpus();
    for args in [
        &[][..],
        &["fly"],
        &["translate", "x", "-i", "lines.txt"],
        &["train"],
        &["train", "--data", "pairs.tsv"],
        &["train", "r", "--device", "toaster"],
    ] {
        let output = folder.command(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn errors_in_training_data_name_file_and_line() {
    let folder = Folder::with_toy_corpus();
    fs::create_dir(folder.path("folder")).unwrap();
    folder.write("empty.tsv", "");
    folder.write("one-column.tsv", "a\tb\nno tab here\n");
    folder.write("three-columns.tsv", "a\tb\nc\td\te\n");
    folder.write("latin1.tsv", b"a\tb\nc\t\xfcber\n");
    let cases: [(&str, &[&str]); 6] = [
        ("missing.tsv", &["missing.tsv"]),
        ("folder", &["folder", "director"]),
        ("empty.tsv", &["empty.tsv", "empty"]),
        ("one-column.tsv", &["one-column.tsv", "2"]),
        ("three-columns.tsv", &["three-columns.tsv", "2"]),
        ("latin1.tsv", &["latin1.tsv", "2", "UTF-8"]),
    ];
    for (name, parts) in cases {
        let set = format!("data.train={name}");
        assert_names(&folder.fails(&["train", "tiny.toml", "--out", "run", "--set", &set]), parts);
    }
}

#[test]
fn a_line_of_10_000_words_is_skipped_in_training_and_cut_in_translation() {
    let folder = Folder::with_toy_corpus();
    let long = vec!["one"; 10_000].join(" ");
    let mut corpus = fs::read_to_string(folder.path("toy.tsv")).unwrap();
    corpus.push_str(&format!("{long}\t{long}\n"));
    folder.write("toy.tsv", corpus);
    let args = ["train", "tiny.toml", "--out", "run", "--set", "model.max_len=64"];
    let output = folder.command(&args).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_names(&stderr(&output), &["100 training pairs", "1 dropped"]);
    let output = folder.command(&["translate", "--model", "run", &long]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!stderr(&output).contains("truncated"), "{}", stderr(&output));
    let whole = ["translate", "--model", "run", "--split", "none", &long];
    let output = folder.command(&whole).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_names(&stderr(&output), &["warning", "sentence 1", "truncated"]);
}

#[test]
fn errors_in_a_recipe_name_line_or_key() {
    let folder = Folder::with_toy_corpus();
    folder.write(
        "unknown-key.toml",
        "task = \"translate\"\n[data]\ntrain = \"a\"\nvalid = \"b\"\n[train]\nstepps = 1\n",
    );
    folder.write("no-toml.toml", "task = = 3\n");
    assert_names(
        &folder.fails(&["train", "unknown-key.toml"]),
        &["unknown-key.toml", "line 6", "stepps"],
    );
    assert_names(&folder.fails(&["train", "no-toml.toml"]), &["no-toml.toml", "line 1"]);
    assert_names(&folder.fails(&["train", "missing.toml"]), &["missing.toml"]);
    assert_names(
        &folder.fails(&["train", "no-such-recipe"]),
        &["no-such-recipe", "translate-en-de"],
    );
    assert_names(&folder.fails(&["train", "tiny.toml", "--set", "train.stepps=1"]), &["stepps"]);
    assert_names(
        &folder.fails(&["train", "tiny.toml", "--set", "model.n_heads=5"]),
        &["model.n_heads", "divisible"],
    );
}

#[test]
fn errors_in_a_model_directory_name_the_file() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &[]);
    let weights = folder.path("run/model/model.safetensors");
    let whole = fs::read(&weights).unwrap();
    let translate = ["translate", "--model", "run", "one"];
    for broken in
        [&whole[..whole.len() / 2], &whole[..5], b"", b"PK\x03\x04 this is a zip file, not weights"]
    {
        fs::write(&weights, broken).unwrap();
        assert_names(&folder.fails(&translate), &["model.safetensors"]);
    }
    fs::remove_file(&weights).unwrap();
    assert_names(&folder.fails(&translate), &["model.safetensors"]);
    fs::write(folder.path("run/model/config.json"), "{\"model_type\": ").unwrap();
    assert_names(&folder.fails(&translate), &["config.json", "line 1"]);
    assert_names(
        &folder.fails(&["translate", "--model", "nowhere", "one"]),
        &["nowhere", "no such directory, run or model", "owner/name"],
    );
    assert_names(
        &folder.fails(&["evaluate", "--model", "run", "--data", "missing.tsv"]),
        &["missing.tsv"],
    );
}

#[test]
fn an_error_for_invalid_utf8_names_the_line() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &[]);
    let args = ["translate", "--model", "run", "-"];
    let mut child = folder
        .command(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"one\n\xff\xfe\n").unwrap();
    assert_names(&error_of(&args, &child.wait_with_output().unwrap()), &["line 2", "UTF-8"]);
}

#[test]
fn the_error_for_an_uncompiled_device_names_the_feature() {
    let folder = Folder::with_toy_corpus();
    if cfg!(feature = "wgpu") {
        return;
    }
    let message = folder.fails(&["train", "tiny.toml", "--device", "wgpu"]);
    assert_names(&message, &["wgpu", "--features wgpu"]);
}

#[test]
fn offline_a_model_of_the_hub_must_be_cached() {
    let folder = Folder::with_toy_corpus();
    folder.write(
        "fine-tune.toml",
        "task = \"translate\"\n[data]\ntrain = \"toy.tsv\"\nvalid = \"toy.tsv\"\n",
    );
    for args in [
        &["translate", "--model", "facebook/m2m100_418M", "x"][..],
        &["evaluate", "--model", "facebook/m2m100_418M", "--data", "toy.tsv"],
        &["inspect", "facebook/m2m100_418M"],
        &["train", "fine-tune.toml", "--init", "facebook/m2m100_418M"],
        &["finetune", "--model", "facebook/m2m100_418M", "--data", "toy.tsv"],
        &["quantize", "facebook/m2m100_418M", "out"],
        &["run", "facebook/m2m100_418M", "x"],
    ] {
        let message = folder.fails(args);
        assert_names(&message, &["facebook/m2m100_418M", "not in the cache", "HF_HUB_OFFLINE"]);
    }
    // A recipe names a directory.
    let init = ["train", "fine-tune.toml", "--set", "init=facebook/m2m100_418M"];
    assert_names(&folder.fails(&init), &["crosshead fetch facebook/m2m100_418M"]);
    fs::create_dir_all(folder.path("owner/name")).unwrap();
    let message = folder.fails(&["translate", "--model", "owner/name", "x"]);
    assert!(!message.contains("cache"), "{message}");
}

#[test]
fn every_command_shows_examples_in_its_help() {
    let folder = Folder::with_toy_corpus();
    let help = folder.ok(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 10, "{help}");
    for name in names.into_iter().filter(|name| *name != "help") {
        assert_names(&folder.ok(&[name, "--help"]), &["Examples:", &format!("crosshead {name}")]);
    }
}

/// On a full file system, writes fail. A limit on the file size has the same effect and does not require privileges.
#[test]
fn a_full_disk_is_an_error_and_leaves_no_partial_files() {
    let folder = Folder::with_toy_corpus();
    let script = format!(
        "trap '' XFSZ; ulimit -f 16; exec {} train tiny.toml --out run",
        env!("CARGO_BIN_EXE_crosshead")
    );
    let output =
        Command::new("bash").args(["-c", &script]).current_dir(folder.path("")).output().unwrap();
    let message = error_of(&["train"], &output);
    assert_names(&message, &["too large"]);
    for path in files(&folder.path("run")) {
        let name = path.display().to_string();
        assert!(
            !name.ends_with(".safetensors") && !name.contains("partial"),
            "{name} was left behind"
        );
    }
}
