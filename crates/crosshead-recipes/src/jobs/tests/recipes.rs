//! Reading recipes: tasks, overrides, errors.

use crate::{Recipe, RunError, TaskKind};

const MINIMAL: &str = "task = \"translate\"\n[data]\ntrain = \"a.tsv\"\nvalid = \"b.tsv\"\n";

fn parse(text: &str, sets: &[&str]) -> Result<Recipe, RunError> {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    Recipe::parse("r", text, &sets)
}

#[test]
fn a_resolved_recipe_reads_back_as_itself() {
    let recipe = parse(MINIMAL, &[]).unwrap();
    assert_eq!(parse(&recipe.to_toml(), &[]).unwrap(), recipe);
}

#[test]
fn a_set_replaces_one_key() {
    let sets = ["train.steps=7", "data.train=c d.tsv", "model.dropout=0.3"];
    let Recipe::TextToText(recipe) = parse(MINIMAL, &sets).unwrap() else { panic!() };
    assert_eq!((recipe.train.steps, recipe.data.train.as_str()), (Some(7), "c d.tsv"));
    assert_eq!(recipe.model.dropout, Some(0.3));
}

#[test]
fn errors_name_the_line_or_the_key() {
    let message = |text: &str, sets: &[&str]| parse(text, sets).unwrap_err().to_string();
    let unknown = message(&format!("{MINIMAL}[train]\nstepps = 3\n"), &[]);
    assert!(unknown.contains("line 6") && unknown.contains("stepps"), "{unknown}");
    let set = message(MINIMAL, &["train.stepps=3"]);
    assert!(set.contains("train.stepps=3") && set.contains("unknown field"), "{set}");
    let shape = message(MINIMAL, &["model.d_model=10", "model.n_heads=4"]);
    assert!(shape.contains("model.n_heads") && shape.contains("divisible"), "{shape}");
    assert!(unknown.ends_with("did you mean `train.steps`?"), "{unknown}");
    let section = message(&format!("{MINIMAL}[trian]\nsteps = 3\n"), &[]);
    assert!(section.ends_with("did you mean `train`?"), "{section}");
    let elsewhere = message(MINIMAL, &["train.keep=1", "steps=3"]);
    assert!(elsewhere.starts_with("recipe r: --set steps=3: unknown field"), "{elsewhere}");
    assert!(elsewhere.ends_with("did you mean `train.steps`?"), "{elsewhere}");
    assert!(set.ends_with("did you mean `train.steps`?"), "{set}");
    let missing = message("task = \"translate\"\n", &[]);
    assert!(missing.contains("data"), "{missing}");
    let task = message("task = \"fly\"\n", &[]);
    assert!(task.contains("fly") && task.contains("translate"), "{task}");
    let metric = message(MINIMAL, &["train.select=rouge_l"]);
    assert!(metric.contains("train.select") && metric.contains("bleu"), "{metric}");
    let ratio = message(MINIMAL, &["decode.max_length_ratio=0"]);
    assert!(ratio.contains("decode.max_length_ratio") && ratio.contains("above 0"), "{ratio}");
    let offset = message(MINIMAL, &["decode.max_length_offset=3"]);
    assert!(offset.contains("decode.max_length_offset") && offset.contains("_ratio"), "{offset}");
    let both = message(MINIMAL, &["train.batch_tokens=100", "train.batch_examples=8"]);
    assert!(both.contains("train.batch_examples"), "{both}");
}

#[test]
fn with_init_the_shape_and_the_tokenizer_cannot_be_set() {
    let message = |sets: &[&str]| parse(MINIMAL, sets).unwrap_err().to_string();
    assert!(parse(MINIMAL, &["init=some/dir", "train.steps=3"]).is_ok());
    let shape = message(&["init=some/dir", "model.d_model=64"]);
    assert!(shape.contains("model.d_model") && shape.contains("init"), "{shape}");
    let vocabulary = message(&["init=some/dir", "tokenizer.vocab_size=64"]);
    assert!(vocabulary.contains("tokenizer.vocab_size"), "{vocabulary}");
}

#[test]
fn every_task_is_read_by_its_name() {
    for &task in TaskKind::ALL {
        assert_eq!(task.name().parse(), Ok(task));
        let text = format!("task = \"{task}\"\n[data]\ntrain = \"a\"\nvalid = \"b\"\n");
        let recipe = parse(&text, &[]).unwrap();
        assert_eq!(recipe.task(), task);
        assert!(recipe.to_toml().starts_with(&format!("task = \"{task}\"\n")));
    }
    assert!("fly".parse::<TaskKind>().is_err());
}

#[test]
fn a_set_can_change_the_task() {
    let task = |sets: &[&str]| parse(MINIMAL, sets).map(|recipe| recipe.task());
    assert_eq!(task(&["task=summarize"]).unwrap(), TaskKind::Summarize);
    assert_eq!(task(&["task=classify"]).unwrap(), TaskKind::Classify);
    let message = task(&["task=classify", "data.source=1"]).unwrap_err().to_string();
    assert!(message.contains("unknown field `source`"), "{message}");
}

#[test]
fn a_cooldown_is_given_in_steps_or_as_a_share() {
    let wsd = ["train.schedule=warmup-stable-decay", "train.steps=200", "train.warmup=10"];
    let schedule = |sets: &[&str]| {
        let recipe = parse(MINIMAL, &[&wsd, sets].concat()).unwrap();
        recipe.train().config().schedule()
    };
    assert_eq!(schedule(&["train.cooldown_share=0.3"]), schedule(&["train.cooldown=60"]));
    assert_eq!(schedule(&[]), schedule(&["train.cooldown_share=0.2"]), "the default");
    assert_ne!(schedule(&[]), schedule(&["train.cooldown=60"]));
    let message = |text: &str, sets: &[&str]| parse(text, sets).unwrap_err().to_string();
    let both =
        message(MINIMAL, &[&wsd[..], &["train.cooldown=9", "train.cooldown_share=0.1"]].concat());
    assert!(both.contains("train.cooldown_share") && both.contains("not both"), "{both}");
    let outside = message(MINIMAL, &[&wsd[..], &["train.cooldown_share=1.5"]].concat());
    assert!(outside.contains("train.cooldown_share") && outside.contains("outside"), "{outside}");
    let unused = message(MINIMAL, &["train.cooldown_share=0.1"]);
    assert!(unused.contains("only warmup-stable-decay"), "{unused}");
    // An argument replaces the other key of the recipe.
    let text = format!("{MINIMAL}[train]\nschedule = \"warmup-stable-decay\"\ncooldown = 9\n");
    let recipe = parse(&text, &["train.cooldown_share=0.1"]).unwrap();
    assert_eq!((recipe.train().cooldown, recipe.train().cooldown_share), (None, Some(0.1)));
}
