"""The first words of the document as its summary: the baseline that a model should beat.

    python3 summarize.py        # needs: pip install rouge-score==0.1.2

ROUGE F1 in percent, without stemming, averaged over the examples.
"""

from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer

DATA = Path(__file__).parent / "../../crates/crosshead-assets/data/summarize"
KINDS = ["rouge1", "rouge2", "rougeL"]


def main():
    scorer = RougeScorer(KINDS)
    for part in ["valid", "test"]:
        pairs = [line.split("\t") for line in (DATA / f"{part}.tsv").read_text("utf-8").splitlines()]
        for count in [4, 6, 8, 10, 12]:
            scores = [scorer.score(summary, " ".join(document.split()[:count])) for document, summary in pairs]
            means = (100 * sum(score[kind].fmeasure for score in scores) / len(scores) for kind in KINDS)
            print(f"{part}, first {count} words: ROUGE-1/2/L", "/".join(f"{mean:.1f}" for mean in means))


if __name__ == "__main__":
    main()
