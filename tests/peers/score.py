"""The speed of `crosshead score` next to sacreBLEU: BLEU, chrF and TER of the same files, whole processes, the best of three.

    python tests/peers/score.py CROSSHEAD [TEST.tsv]

Needs sacrebleu. The references are the targets of the embedded test data, 20 times; of each hypothesis, every seventh word is
missing. Prints one JSON object for each metric; fails if the two scores differ.
"""
import json, subprocess, sys, tempfile, time
from pathlib import Path

COPIES, RUNS = 20, 3
DATA = Path(__file__).parents[2] / "crates/crosshead-assets/data/translate-en-de/test.tsv"


def best(command):
    seconds = []
    for _ in range(RUNS):
        t = time.perf_counter()
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds.append(time.perf_counter() - t)
    return min(seconds), out


crosshead, data = sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else DATA
references = [line.split("\t")[1] for line in data.read_text("utf-8").splitlines()] * COPIES
drop = lambda words: " ".join(word for at, word in enumerate(words, 1) if at % 7)
hypotheses = [drop(f"{line} {at % 10}".split()) for at, line in enumerate(references)]
with tempfile.TemporaryDirectory() as folder:
    ref, hyp = Path(folder) / "ref.txt", Path(folder) / "hyp.txt"
    for path, lines in [(ref, references), (hyp, hypotheses)]:
        path.write_text("\n".join(lines) + "\n", "utf-8")
    for metric in ["bleu", "chrf", "ter"]:
        peer, theirs = best([sys.executable, "-m", "sacrebleu", str(ref), "-i", str(hyp), "-m", metric, "-w", "9"])
        own, ours = best([crosshead, "score", "-r", str(ref), str(hyp), "-m", metric, "-f", "json"])
        print(json.dumps({"metric": metric, "lines": len(references), "sacrebleu_s": round(peer, 2),
            "crosshead_s": round(own, 3), "ratio": round(peer / own, 1)}))
        found = json.loads(ours)["systems"][0]["scores"][0]["score"]
        assert abs(json.loads(theirs)["score"] - found) < 1e-6, (theirs, found)
