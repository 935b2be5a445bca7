"""A character n-gram model for the language-model data: the baseline that a model should beat.

    python3 language_model.py [ORDER]        # needs only Python; the default order is 6

Witten-Bell interpolation (Witten and Bell 1991; Chen and Goodman 1999, section 2.4): with c(h) continuations of a history h,
t(h) of them distinct, p(x | h) = (c(hx) + t(h) p(x | h')) / (c(h) + t(h)), where h' is h without its first character. Below
order 1, the distribution is uniform over the characters of the training text plus one for all others.
"""

import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

DATA = Path(__file__).parent / "../../crates/crosshead-assets/data/language-model"


def read(part):
    return (DATA / f"{part}.txt").read_text("utf-8")


def train(text, order):
    continuations = defaultdict(Counter)
    for length in range(order):
        for at in range(length, len(text)):
            continuations[text[at - length : at]][text[at]] += 1
    totals = {history: (sum(found.values()), len(found)) for history, found in continuations.items()}
    uniform = 1 / (len(set(text)) + 1)

    def probability(history, character):
        p = uniform
        for length in range(len(history) + 1):
            suffix = history[len(history) - length :]
            if suffix not in totals:
                break
            count, kinds = totals[suffix]
            p = (continuations[suffix][character] + kinds * p) / (count + kinds)
        return p

    return probability


def main():
    order = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    probability = train(read("train"), order)
    for part in ["valid", "test"]:
        text = read(part)
        nats = sum(-math.log(probability(text[max(0, at - order + 1) : at], text[at])) for at in range(len(text)))
        bits = nats / math.log(2) / len(text)
        print(f"{part}: {bits:.3f} bits per character, {nats / len(text):.3f} nats, {order}-grams")


if __name__ == "__main__":
    main()
