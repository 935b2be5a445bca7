//! `crosshead score`. The expected scores, intervals and p-values are the output of sacreBLEU 2.6 for the same files.

use serde_json::Value;

use crate::harness::{Folder, assert_names};

const REFERENCE: &str = "Das Schloss blinkt zweimal grün.
Wähle das Gerät, das du steuern möchtest.

Die Temperatur beträgt 21,5 °C.
Das Licht ist an.\u{2028}Es bleibt an.
Bitte starte den Server neu.
";

const FIRST: &str = "Das Schloss blinkt grün.
Wähle ein Gerät, das du steuern möchtest.
nichts
Die Temperatur ist 21,5 °C.
Das Licht ist an.\u{2028}Es bleibt an.
Bitte den Server neu starten.
";

const SECOND: &str = "Das Schloss blinkt zweimal grün.
Wähle das Gerät, das du möchtest.

Temperatur: 21,5 °C
Das Licht bleibt an.
Server neu starten.
";

/// A folder with the output of two systems.
fn folder() -> Folder {
    let folder = Folder::empty();
    folder.write("ref.txt", REFERENCE);
    folder.write("first.txt", FIRST);
    folder.write("second.txt", SECOND);
    folder
}

fn scores(folder: &Folder, args: &[&str]) -> Value {
    let more = ["score", "-r", "ref.txt", "--format", "json"];
    serde_json::from_str(&folder.ok(&[&more, args].concat())).unwrap()
}

#[track_caller]
fn assert_rounded(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-4, "{found}, expected {expected}");
}

#[test]
fn one_system_is_scored_as_by_sacrebleu() {
    let folder = folder();
    let command = "score -r ref.txt first.txt -m bleu,chrf,ter --confidence -w 4";
    let found = folder.ok(&command.split(' ').collect::<Vec<_>>());
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        "BLEU|nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:crosshead-* = 66.4994 \
         (μ = 62.0911 ± 30.7300) 88.9/73.3/60.0/50.0 (BP = 1.000 ratio = 1.000 hyp_len = 36 ref_len = 36)",
        "chrF2|nrefs:1|bs:1000|seed:12345|case:mixed|eff:yes|nc:6|nw:0|space:no|version:crosshead-* = 78.6991 \
         (μ = 78.4927 ± 10.3912)",
        "TER|nrefs:1|bs:1000|seed:12345|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:crosshead-* = \
         24.1379 (μ = 25.7229 ± 19.7368)",
    ]
    .map(|line| line.replace('*', version));
    let lines: Vec<&str> = found.lines().map(str::trim_start).collect();
    assert_eq!(lines, expected);
}

#[test]
fn settings_and_several_references_give_sacrebleus_scores() {
    let folder = folder();
    let command = "second.txt -r first.txt -m bleu,chrf,ter --tokenize intl --lowercase --chrf-word-order 2 \
                   --ter-normalized";
    let found = scores(&folder, &command.split_whitespace().collect::<Vec<_>>());
    let found = &found["systems"][0]["scores"];
    for (index, expected) in [53.0248, 71.6710, 27.7778].into_iter().enumerate() {
        assert_rounded(&found[index]["score"], expected);
    }
    assert_names(found[0]["signature"].as_str().unwrap(), &["nrefs:2|case:lc|eff:no|tok:intl|"]);
    assert_names(found[1]["signature"].as_str().unwrap(), &["nw:2"]);
    let skipped = folder.ok(&[
        "score",
        "-r",
        "ref.txt",
        "-r",
        "first.txt",
        "second.txt",
        "--skip-blank-references",
    ]);
    assert_names(&skipped, &["nrefs:var|"]);
}

#[test]
fn segments_are_scored_on_their_own() {
    let folder = folder();
    let sentence = |metric: &str| {
        folder.ok(&["score", "-r", "ref.txt", "first.txt", "--sentence", "-w", "4", "-m", metric])
    };
    assert_eq!(sentence("bleu"), "40.9365\n75.0624\n0.0000\n37.9918\n100.0000\n34.3295\n");
    assert_eq!(sentence("ter"), "20.0000\n14.2857\n100.0000\n20.0000\n0.0000\n60.0000\n");
    let command = "score -r ref.txt first.txt --sentence -f json -m ter,rouge";
    let found = folder.ok(&command.split(' ').collect::<Vec<_>>());
    let second: Value = serde_json::from_str(found.lines().nth(1).unwrap()).unwrap();
    assert_eq!(second["line"], 2);
    assert_rounded(&second["TER"], 14.2857);
    assert!(second["ROUGE-L"].is_number(), "{second}");
}

#[test]
fn paired_tests_give_sacrebleus_p_values() {
    let folder = folder();
    let metrics = "bleu,chrf,ter";
    let found = scores(&folder, &["first.txt", "second.txt", "-m", metrics, "--paired-bs"]);
    let [first, second] = [0, 1].map(|system| &found["systems"][system]["scores"]);
    assert_rounded(&second[1]["confidence"]["mean"], 67.3078);
    assert_rounded(&first[2]["confidence"]["half_width"], 19.7368);
    assert!(first[0]["p_value"].is_null());
    for (index, expected) in [0.1229, 0.1179, 0.0470].into_iter().enumerate() {
        assert_rounded(&second[index]["p_value"], expected);
    }
    let found = scores(&folder, &["first.txt", "second.txt", "-m", metrics, "--paired-ar"]);
    for (index, expected) in [0.4954, 0.3724, 0.1825].into_iter().enumerate() {
        assert_rounded(&found["systems"][1]["scores"][index]["p_value"], expected);
    }
    let other = scores(&folder, &["first.txt", "second.txt", "--paired-ar", "--seed", "1"]);
    assert_ne!(
        other["systems"][1]["scores"][0]["p_value"],
        found["systems"][1]["scores"][0]["p_value"]
    );
}

#[test]
fn several_systems_are_a_table() {
    let folder = folder();
    let files =
        ["score", "-r", "ref.txt", "first.txt", "second.txt", "-m", "bleu,ter", "--paired-bs"];
    let text = folder.ok(&files);
    let rows: Vec<&str> = text.lines().take(3).collect();
    let expected = [
        "system      BLEU                            TER",
        "first.txt   66.5 (62.1 ± 30.7)              24.1 (25.7 ± 19.7)",
        "second.txt  46.6 (45.7 ± 31.5, p = 0.1229)  44.8 (45.3 ± 31.7, p = 0.0470*)",
    ];
    assert_eq!(rows, expected);
    assert_names(
        &text,
        &["\nBLEU  nrefs:1|bs:1000|", "\nTER   nrefs:1|bs:1000|", "first.txt at least"],
    );
    folder.write("copy.txt", FIRST);
    let copy = folder.ok(&["score", "-r", "ref.txt", "first.txt", "copy.txt", "--paired-ar"]);
    assert_names(&copy, &["copy.txt   66.5 (p = 0.0001)  78.7 (p = 0.0001)\n"]);
    folder.write("a_b&c.txt", SECOND);
    let latex = folder.ok(&["score", "-r", "ref.txt", "a_b&c.txt", "-m", "ter", "-f", "latex"]);
    assert!(latex.starts_with("\\begin{tabular}{lr}\n\\toprule\nsystem & TER \\\\\n"), "{latex}");
    assert_names(
        &latex,
        &["a\\_b\\&c.txt & 44.8 \\\\\n\\bottomrule\n\\end{tabular}\n% TER  nrefs:1|"],
    );
}

#[test]
fn the_worst_segments_are_shown() {
    let folder = folder();
    let text = folder.ok(&["score", "-r", "ref.txt", "first.txt", "-m", "ter", "--worst", "2"]);
    let (_, worst) = text.split_once("\n\n").unwrap();
    let expected = "\
line 3: TER 100.0
  reference
  first.txt  nichts

line 6: TER 60.0
  reference  Bitte starte den Server neu.
  first.txt  Bitte den Server neu starten.
";
    assert_eq!(worst, expected);
    let found = scores(&folder, &["first.txt", "second.txt", "-m", "ter", "--worst", "9"]);
    let worst = found["worst"].as_array().unwrap();
    let differences: Vec<f64> =
        worst.iter().map(|segment| segment["difference"].as_f64().unwrap().abs()).collect();
    assert!(differences.is_sorted_by(|one, other| one >= other) && differences[0] > 0.0);
    assert_eq!((&worst[0]["line"], &worst[0]["systems"][0]["text"]), (&3.into(), &"nichts".into()));
    let same = folder.ok(&["score", "-r", "ref.txt", "ref.txt", "first.txt", "--worst", "1"]);
    assert_names(&same, &["line 6: BLEU 100.0 → 34.3 (-65.7)\n", "  ref.txt    Bitte starte"]);
}

#[test]
fn faulty_input_is_named() {
    let folder = folder();
    folder.write("short.txt", "eins\nzwei\n");
    folder.write("latin1.txt", b"eins\n\xfcber\n");
    folder.write("empty.txt", "");
    let cases: [(&str, &[&str]); 16] = [
        ("short.txt", &["ref.txt has 6 lines, but short.txt has 2"]),
        ("first.txt -r short.txt", &["ref.txt has 6 lines, but short.txt has 2"]),
        ("latin1.txt", &["latin1.txt, line 2", "UTF-8"]),
        ("empty.txt", &["empty.txt", "empty"]),
        ("none.txt", &["none.txt"]),
        ("first.txt first.txt", &["first.txt is given twice"]),
        ("first.txt --paired-bs", &["at least two"]),
        ("first.txt --chrf-beta 1 -m bleu", &["--chrf-beta", "without the metric chrf"]),
        ("first.txt --ter-no-punct", &["--ter-no-punct", "ter"]),
        ("first.txt --smooth-value 1", &["--smooth floor or add-k"]),
        ("first.txt --smooth floor --smooth-value=-1", &["-1"]),
        ("first.txt --resamples 5", &["--resamples", "--confidence"]),
        ("first.txt second.txt --sentence", &["--sentence", "one"]),
        ("first.txt -f json -w 3", &["--width", "json"]),
        ("first.txt -m ter,ter", &["twice"]),
        ("first.txt --skip-blank-references", &["segment 3 has only blank references"]),
    ];
    for (args, parts) in cases {
        let args: Vec<&str> = args.split(' ').collect();
        assert_names(&folder.fails(&[&["score", "-r", "ref.txt"], &args[..]].concat()), parts);
    }
    for (name, part) in
        [("ja-mecab", "MeCab"), ("flores200", "SentencePiece"), ("13b", "13a, intl")]
    {
        let command = folder
            .command(&["score", "-r", "ref.txt", "first.txt", "--tokenize", name])
            .output()
            .unwrap();
        assert_eq!(command.status.code(), Some(2));
        assert_names(&crate::harness::stderr(&command), &[name, part]);
    }
}
