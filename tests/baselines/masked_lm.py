"""Unigrams for the masked-LM task: the baseline that a model should beat.

    python3 masked_lm.py MODEL_DIR        # needs: pip install tokenizers

Counts the tokens of the training text with the model's own tokenizer.json. On the validation and test data: the accuracy of
always predicting the most frequent token, and the perplexity of the unigram distribution (add-one), both over all tokens.
"""

import math
import sys
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer

DATA = Path(__file__).parent / "../../crates/crosshead-assets/data/language-model"


def main():
    tokenizer = Tokenizer.from_file(str(Path(sys.argv[1]) / "tokenizer.json"))

    def tokens(part):
        lines = (line for line in (DATA / f"{part}.txt").read_text("utf-8").splitlines() if line.strip())
        return [token for line in lines for token in tokenizer.encode(line, add_special_tokens=False).ids]

    counts = Counter(tokens("train"))
    total = sum(counts.values()) + tokenizer.get_vocab_size()
    favorite = counts.most_common(1)[0][0]
    for part in ["valid", "test"]:
        found = tokens(part)
        nats = sum(-math.log((counts[token] + 1) / total) for token in found) / len(found)
        share = found.count(favorite) / len(found)
        word = tokenizer.id_to_token(favorite)
        print(f"{part}: accuracy {100 * share:.1f} % (always {word!r}), perplexity {math.exp(nats):.1f}, {len(found)} tokens")


if __name__ == "__main__":
    main()
