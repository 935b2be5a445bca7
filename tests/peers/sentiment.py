"""The PyTorch counterpart of `crosshead train sentiment-finetune --init DIR`: the same fine-tuning in transformers.

    python tests/peers/sentiment.py MODEL_DIR [SEED ...]
    THREADS=1 python tests/peers/sentiment.py MODEL_DIR [SEED ...]

Needs torch and transformers; MODEL_DIR is a BERT such as all-MiniLM-L6-v2. 3 epochs with a batch size of 32, AdamW at 5e-5,
10 % warmup and linear decay; the model after the epoch with the best accuracy on the validation set is tested. Prints one JSON
object per seed: `seconds` and `processor` are the time of the training steps on the wall and on the processor.
"""
import json, os, random, sys, time
from pathlib import Path
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup

DATA = Path(__file__).parent / "../../crates/crosshead-assets/data/sentiment"
EPOCHS, BATCH, PEAK = 3, 32, 5e-5
torch.set_num_threads(int(os.environ.get("THREADS", 2)))
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])


def rows(part):
    lines = (DATA / f"{part}.tsv").read_text("utf-8").splitlines()
    return [(int(label), text) for label, _, text in (line.split("\t") for line in lines)]


def batch(examples):
    inputs = tokenizer([text for _, text in examples], padding="longest", truncation=True, max_length=128, return_tensors="pt")
    return inputs, torch.tensor([label for label, _ in examples])


def batches(examples):
    return [batch(examples[at:at + BATCH]) for at in range(0, len(examples), BATCH)]


@torch.no_grad()
def accuracy(model, examples):
    model.eval()
    right = sum((model(**inputs).logits.argmax(1) == labels).sum().item() for inputs, labels in batches(examples))
    return round(right / len(examples), 4)


def run(seed):
    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(sys.argv[1], num_labels=2)
    train = rows("train")
    steps = EPOCHS * -(-len(train) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    order = random.Random(seed)
    wall = processor = best = 0.0
    for _ in range(EPOCHS):
        start, used = time.perf_counter(), time.process_time()
        order.shuffle(train)
        model.train()
        for inputs, labels in batches(train):
            loss = model(**inputs, labels=labels).loss
            optimizer.zero_grad(set_to_none=True); loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0); optimizer.step(); schedule.step()
        wall, processor = wall + time.perf_counter() - start, processor + time.process_time() - used
        valid = accuracy(model, rows("valid"))
        if valid >= best:
            best, test = valid, accuracy(model, rows("test"))
    print(json.dumps({"seed": seed, "seconds": round(wall, 1), "processor": round(processor, 1), "valid": best, "test": test}), flush=True)


for seed in map(int, sys.argv[2:] or ["1"]): run(seed)
