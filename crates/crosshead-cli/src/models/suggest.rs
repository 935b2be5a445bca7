//! The embedded model of each task, and what to type where there is none.

use crosshead::ModelTask;

/// What to use for a task.
struct Suggestion {
    /// The command of the task.
    command: &'static str,
    /// The name of the embedded model, which may be missing in a build.
    embedded: Option<&'static str>,
    /// The rest of a command with a model of the Hugging Face Hub.
    example: &'static str,
    /// A recipe that trains a model.
    recipe: Option<&'static str>,
}

fn suggestion(task: ModelTask) -> Suggestion {
    match task {
        ModelTask::Translation => Suggestion {
            command: "translate",
            embedded: Some("translate-en-de"),
            example: "--model Helsinki-NLP/opus-mt-en-de \"Good morning.\"",
            recipe: Some("translate-en-de"),
        },
        ModelTask::Summarization => Suggestion {
            command: "summarize",
            embedded: None,
            example: "--model sshleifer/distilbart-cnn-6-6 -i articles.txt",
            recipe: Some("summarize"),
        },
        ModelTask::Classification => Suggestion {
            command: "classify",
            embedded: Some("sentiment"),
            example: "--model distilbert/distilbert-base-uncased-finetuned-sst-2-english \"A fine film.\"",
            recipe: Some("sentiment"),
        },
        ModelTask::TokenClassification => Suggestion {
            command: "token-classify",
            embedded: None,
            example: "--model dslim/bert-base-NER \"Ada Lovelace was born in London.\"",
            recipe: None,
        },
        ModelTask::Generation => Suggestion {
            command: "generate",
            embedded: None,
            example: "--model openai-community/gpt2 \"Call me\"",
            recipe: Some("language-model"),
        },
        ModelTask::FillMask => Suggestion {
            command: "fill-mask",
            embedded: None,
            example: "--model google-bert/bert-base-uncased \"The [MASK] swam in the sea.\"",
            recipe: Some("masked-lm"),
        },
        ModelTask::Embedding => Suggestion {
            command: "embed",
            embedded: None,
            example: "--model sentence-transformers/all-MiniLM-L6-v2 \"Good morning.\"",
            recipe: None,
        },
    }
}

/// The command of a task.
pub(crate) fn command(task: ModelTask) -> &'static str {
    suggestion(task).command
}

/// The name of the embedded model of a task.
pub(super) fn embedded(task: ModelTask) -> Option<&'static str> {
    suggestion(task).embedded
}

/// The message where a model is needed and there is no embedded one.
pub(super) fn message(task: ModelTask) -> String {
    let Suggestion { command, embedded, example, recipe } = suggestion(task);
    let reason = embedded.map_or("", |_| "this build has no built-in model for this task; ");
    let mut message = format!(
        "{reason}name a model with --model: a directory, a run, or owner/name on the Hugging Face Hub, as in\n  \
         crosshead {command} {example}"
    );
    if let Some(recipe) = recipe {
        message += &format!(
            "\nor train one:\n  crosshead train {recipe}\n  crosshead {command} --model runs/{recipe} …"
        );
    }
    message + "\n`crosshead models` lists the models on this machine"
}
