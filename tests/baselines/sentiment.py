"""Naive Bayes for the sentiment task: the baseline that a model should beat.

    python3 sentiment.py        # needs only Python

Multinomial naive Bayes with add-one smoothing on the presence of words and word bigrams in a sentence (Wang and Manning
2012). Words are lowercase runs of letters, digits and apostrophes.
"""

import math
import re
from collections import Counter
from pathlib import Path

DATA = Path(__file__).parent / "../../crates/crosshead-assets/data/sentiment"


def rows(part):
    lines = (DATA / f"{part}.tsv").read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines]


def features(text):
    words = re.findall("[a-z0-9']+", text.lower())
    return set(words) | set(zip(words, words[1:]))


def train(examples):
    counts = {label: Counter() for label in "01"}
    sentences = Counter(label for label, _, _ in examples)
    for label, _, text in examples:
        counts[label].update(features(text))
    vocabulary = set().union(*counts.values())

    def score(label, text):
        total = sum(counts[label].values()) + len(vocabulary)
        known = features(text) & vocabulary
        return math.log(sentences[label]) + sum(math.log((counts[label][f] + 1) / total) for f in known)

    return lambda text: max("01", key=lambda label: score(label, text))


def main():
    predict = train(rows("train"))
    for part in ["valid", "test"]:
        examples = rows(part)
        right = [predict(text) == label for label, _, text in examples]
        print(f"{part}: accuracy {100 * sum(right) / len(right):.1f} % of {len(right)}")


if __name__ == "__main__":
    main()
