//! Language codes of multilingual models.

use std::path::Path;

use crosshead_tokenize::{TokenizeError, Tokenizer};

fn load(name: &str) -> Tokenizer {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/directories");
    Tokenizer::from_dir(&dir.join(name)).unwrap()
}

/// The special tokens of a source text and of a target text.
fn around(tokenizer: &Tokenizer) -> (Vec<String>, Vec<String>) {
    let text = tokenizer.encode("the").unwrap();
    let special = |ids: Vec<u32>| {
        let ids = ids.into_iter().filter(|id| !text.contains(id));
        ids.map(|id| tokenizer.id_to_token(id).unwrap()).collect()
    };
    let source = special(tokenizer.encode_with_special("the").unwrap());
    (source, special(tokenizer.encode_target("the").unwrap()))
}

fn strings(tokens: [&str; 2]) -> Vec<String> {
    tokens.map(str::to_owned).into()
}

#[test]
fn each_family_adds_the_codes_where_its_models_expect_them() {
    let mbart = load("mbart").with_languages(Some("de_DE"), Some("ro_RO")).unwrap();
    assert_eq!(around(&mbart), (strings(["</s>", "de_DE"]), strings(["</s>", "ro_RO"])));
    assert_eq!((mbart.forced_bos(), mbart.decoder_start()), (None, mbart.token_to_id("ro_RO")));
    for (name, source, target, spelled) in [
        ("mbart50", "fr_XX", "sl_SI", ["fr_XX", "sl_SI"]),
        ("nllb", "deu_Latn", "zho_Hans", ["deu_Latn", "zho_Hans"]),
        ("m2m100", "en", "zu", ["__en__", "__zu__"]),
    ] {
        let tokenizer = load(name).with_languages(Some(source), Some(target)).unwrap();
        let expected = (strings([spelled[0], "</s>"]), strings([spelled[1], "</s>"]));
        assert_eq!(around(&tokenizer), expected, "{name}");
        assert_eq!(tokenizer.forced_bos(), tokenizer.token_to_id(spelled[1]), "{name}");
        assert_eq!(tokenizer.decoder_start(), None, "{name}");
    }
}

#[test]
fn a_marian_model_takes_the_target_language_in_the_source() {
    let marian = load("marian");
    assert_eq!(marian.languages(), ["deu", "fra"]);
    let to_french = marian.with_languages(Some("eng"), Some("fra")).unwrap();
    let spelled = marian.encode_with_special(">>fra<< the cat").unwrap();
    assert_eq!(to_french.encode_with_special("the cat").unwrap(), spelled);
    assert_eq!(to_french.encode_target("le").unwrap(), marian.encode_target("le").unwrap());
    assert_eq!(to_french.forced_bos(), None);
}

#[test]
fn the_default_language_is_that_of_the_files_or_english() {
    // The source is `src_lang` or transformers' default; the target is `tgt_lang` or none.
    for (name, target, source, spelled) in [
        ("mbart", "ro_RO", "en_XX", "ro_RO"),
        ("mbart50", "sl_SI", "de_DE", "sl_SI"),
        ("nllb", "zho_Hans", "eng_Latn", "zho_Hans"),
        ("m2m100", "zu", "__de__", "__zu__"),
    ] {
        let (before, after) = around(&load(name).with_languages(None, Some(target)).unwrap());
        assert!(before.iter().any(|token| token == source), "{name}: {before:?}");
        assert!(after.iter().any(|token| token == spelled), "{name}: {after:?}");
    }
    for (name, source, target) in [
        ("mbart", "de_DE", None),
        ("mbart50", "sl_SI", Some("fr_XX")),
        ("nllb", "deu_Latn", None),
        ("m2m100", "en", Some("fr")),
    ] {
        let tokenizer = load(name).with_languages(Some(source), None).unwrap();
        assert_eq!(tokenizer.target_language(), target, "{name}");
        let first = tokenizer.forced_bos().or(tokenizer.decoder_start());
        assert_eq!(first.and_then(|id| tokenizer.language(id)), target, "{name}");
        let (before, _) = around(&tokenizer);
        assert!(before.iter().any(|token| token.trim_matches('_') == source), "{before:?}");
    }
}

#[test]
fn a_marian_model_takes_no_source_language() {
    let marian = load("marian");
    assert!(!marian.takes_source_language() && load("mbart").takes_source_language());
    let error = marian.with_languages(Some("eng"), None).unwrap_err();
    assert!(matches!(error, TokenizeError::NoSourceLanguage { .. }), "{error}");
    let to_french = marian.with_languages(None, Some("fra")).unwrap();
    assert_eq!(to_french.target_language(), Some("fra"));
}

#[test]
fn a_target_is_forced_only_if_the_files_name_it() {
    let mbart50 = load("mbart50");
    assert_eq!(mbart50.forced_bos(), mbart50.token_to_id("fr_XX"));
    for name in ["mbart", "nllb"] {
        let tokenizer = load(name);
        assert_eq!((tokenizer.forced_bos(), tokenizer.decoder_start()), (None, None), "{name}");
    }
}

#[test]
fn an_unknown_language_is_an_error_that_lists_the_known_ones() {
    let error = load("mbart").with_languages(Some("en_XX"), Some("xx_XX")).unwrap_err();
    assert!(matches!(error, TokenizeError::UnknownLanguage { .. }), "{error}");
    assert!(error.to_string().contains("xx_XX") && error.to_string().contains("ro_RO"), "{error}");
    assert_eq!(load("mbart").languages().len(), 25);
    assert_eq!(load("nllb").languages().len(), 202);
    assert_eq!(load("m2m100").languages().len(), 100);
    let error = load("t5").with_languages(Some("en"), Some("de")).unwrap_err();
    assert!(matches!(error, TokenizeError::NoLanguages), "{error}");
    assert!(load("t5").languages().is_empty());
}

#[test]
fn languages_do_not_change_the_ids_of_the_text() {
    for name in ["mbart", "nllb"] {
        let tokenizer = load(name);
        let languages = tokenizer.languages();
        let other = tokenizer.with_languages(Some(languages[1]), Some(languages[0])).unwrap();
        assert_eq!(other.encode("the cat").unwrap(), tokenizer.encode("the cat").unwrap());
        let target = other.encode_target("the cat").unwrap();
        assert_eq!(other.decode(&target).unwrap(), "the cat");
    }
}
