//! Models of the Hub by their name: fetched once, listed, removed.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::ID;
use super::server::{Fault, Server};
use crate::harness::{Folder, assert_names, error_of, stderr};
use crate::translators::assemble;

/// A Hub whose model is a translator, a folder with the same model in `model`, and a sentence with its translation.
fn hub() -> (Server, Folder) {
    let (folder, _) = assemble("marian");
    let files = fs::read_dir(folder.path("model")).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    });
    (Server::start_with(Fault::None, files.collect()), folder)
}

fn online(folder: &Folder, server: &Server, args: &[&str]) -> Command {
    let mut command = folder.command(args);
    command.env("HF_ENDPOINT", server.endpoint()).env_remove("HF_HUB_OFFLINE");
    for name in ["HF_TOKEN", "HF_TOKEN_PATH", "http_proxy", "HTTP_PROXY", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command
}

fn text(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_model_is_fetched_once_and_then_needs_no_network() {
    let (server, folder) = hub();
    let expected = folder.ok(&["translate", "--model", "model", "the cat"]);
    let args = ["translate", "--model", ID, "the cat"];
    let first = online(&folder, &server, &args).output().unwrap();
    assert_names(&stderr(&first), &["fetching owner/name from the Hugging Face Hub"]);
    assert_eq!(String::from_utf8(first.stdout).unwrap(), expected);
    let requests = server.requests();
    assert!(requests > 0);
    let second = online(&folder, &server, &args).output().unwrap();
    assert_eq!((stderr(&second).as_str(), server.requests()), ("", requests));
    assert_eq!(String::from_utf8(second.stdout).unwrap(), expected);
    assert_eq!(folder.ok(&args), expected, "offline");
    // Every command takes the name.
    assert_eq!(folder.ok(&["run", ID, "the cat"]), expected);
    assert_names(&folder.ok(&["inspect", ID]), &["family        marian"]);
    folder.ok(&["quantize", ID, "int8"]);
    assert!(folder.path("int8/model.safetensors").is_file());
}

#[test]
fn a_local_directory_goes_first() {
    let (server, folder) = hub();
    let sentence = "the cat";
    let expected = folder.ok(&["translate", "--model", "model", sentence]);
    fs::create_dir(folder.path("owner")).unwrap();
    fs::rename(folder.path("model"), folder.path(ID)).unwrap();
    assert_eq!(text(online(&folder, &server, &["translate", "--model", ID, sentence])), expected);
    assert_eq!(server.requests(), 0);
}

#[test]
fn cached_models_and_runs_are_listed_shown_and_removed() {
    let (server, folder) = hub();
    text(online(&folder, &server, &["pull", ID]));
    folder.train("runs/toy", &[]);
    let listed = |folder: &Folder| -> Vec<Value> {
        let lines = folder.ok(&["list", "--json"]);
        let models = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        models.filter(|model| model["place"] != "built in").collect()
    };
    let models = listed(&folder);
    let names: Vec<&str> = models.iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["runs/toy", ID]);
    for (model, directory) in models.iter().zip(["runs/toy/model", "model"]) {
        assert_eq!(model["task"], "translate");
        let files = fs::read_dir(folder.path(directory)).unwrap();
        let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        let found = model["bytes"].as_u64().unwrap();
        // Not every file of a repository is fetched.
        assert!(found > 0 && found <= bytes, "{model}: {bytes}");
    }
    assert_eq!(models[1]["family"], "marian");
    let table = folder.ok(&["models"]);
    assert_names(&table, &["name", "task", "runs/toy", ID, "marian", " MB"]);
    assert_names(&folder.ok(&["models", "show", ID]), &["family    marian", "snapshots"]);
    assert_names(&folder.ok(&["models", "show", "model"]), &["directory", "family    marian"]);
    // The name of a run is enough.
    assert_eq!(
        folder.ok(&["translate", "--model", "toy", "one"]),
        folder.ok(&["translate", "--model", "runs/toy", "one"])
    );

    let args = ["models", "remove", "runs/toy"];
    let asks = folder.command(&args).output().unwrap();
    assert_names(&error_of(&args, &asks), &["runs/toy", "--yes"]);
    assert!(folder.path("runs/toy/model").is_dir());
    folder.ok(&["models", "remove", "toy", "--yes"]);
    folder.ok(&["models", "remove", ID, "--yes"]);
    assert!(listed(&folder).is_empty() && !folder.path("runs/toy").exists());
    assert!(!folder.path("home/hub/models--owner--name").exists());
    assert_names(&folder.fails(&["models", "remove", ID, "--yes"]), &[ID, "crosshead models"]);
}
