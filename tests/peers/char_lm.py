"""The PyTorch counterpart of `crosshead train char-lm`: the same model, budget and splits in transformers.

    python tests/peers/char_lm.py [SEED ...]

Needs torch and transformers. 4 layers, 4 heads, 128 features, context 64, batch size 12, 2,000 steps of AdamW, cosine decay
from 1e-3 to 1e-4, 100 warmup steps, no dropout. Prints one JSON object per seed; the text is read in non-overlapping windows
of 64 tokens.
"""
import json, math, sys, time
from pathlib import Path
import torch, torch.nn.functional as F
from transformers import GPT2Config, GPT2LMHeadModel

DATA = Path(__file__).parent / "../../crates/crosshead-assets/data/language-model"
CONTEXT, BATCH, STEPS, WARMUP, PEAK, END = 64, 12, 2000, 100, 1e-3, 1e-4
torch.set_num_threads(2)
texts = {part: (DATA / f"{part}.txt").read_text("utf-8") for part in ("train", "valid", "test")}
places = {character: place for place, character in enumerate(sorted(set(texts["train"])))}
ids = {part: torch.tensor([places.get(character, len(places)) for character in text]) for part, text in texts.items()}


def rate(step):
    if step <= WARMUP: return PEAK * step / WARMUP
    return END + (PEAK - END) * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP))) / 2


@torch.no_grad()
def nats(model, text):
    model.eval()
    inputs, targets = (F.pad(t, (0, -len(t) % CONTEXT), value=v).view(-1, CONTEXT) for t, v in ((text[:-1], 0), (text[1:], -100)))
    logits = (model(input_ids=rows).logits for rows in inputs.split(64))
    losses = [F.cross_entropy(z.flatten(0, 1), y.flatten(), reduction="sum").item() for z, y in zip(logits, targets.split(64))]
    return sum(losses) / (len(text) - 1)


def run(seed):
    torch.manual_seed(seed)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(places) + 1, n_positions=CONTEXT, n_embd=128, n_layer=4, n_head=4,
                                       resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0))
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.99), fused=True)
    start = time.perf_counter()
    for step in range(1, STEPS + 1):
        for group in optimizer.param_groups: group["lr"] = rate(step)
        offsets = torch.randint(0, len(ids["train"]) - CONTEXT, (BATCH,))
        rows = torch.stack([ids["train"][o:o + CONTEXT + 1] for o in offsets])
        loss = F.cross_entropy(model(input_ids=rows[:, :-1]).logits.flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True); loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0); optimizer.step()
    seconds = time.perf_counter() - start
    found = {part: nats(model, ids[part]) for part in ("valid", "test")}
    bits = {f"{part}_bits": round(value / math.log(2), 4) for part, value in found.items()}
    print(json.dumps({"seed": seed, "seconds": round(seconds, 1), **{f"{p}_nats": round(v, 4) for p, v in found.items()}, **bits}), flush=True)


for seed in map(int, sys.argv[1:] or ["1"]): run(seed)
