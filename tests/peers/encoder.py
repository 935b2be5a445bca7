"""The peers' side of `cargo xtask bench --peers`: the encoder of tests/examples/bench.rs.

    python tests/peers/encoder.py encoder-batch|encoder-single

Needs torch, transformers, onnx and onnxruntime. Prints one JSON object of the same form: of PyTorch eager and ONNX
Runtime, whichever is faster, each in a process of its own so that its memory is its own.
"""
import json, resource, subprocess, sys, tempfile, time
from pathlib import Path

SIZES = {"encoder-batch": (32, 128, 32 * 128, "tokens/s"), "encoder-single": (1, 16, 1, "sentences/s")}


def measure(work, engine):
    import torch
    from transformers import BertConfig, BertModel

    torch.set_num_threads(2); torch.manual_seed(1)
    batch, length, units, unit = SIZES[work]
    config = BertConfig(vocab_size=30522, hidden_size=384, intermediate_size=1536, num_hidden_layers=6, num_attention_heads=12)
    model = BertModel(config, add_pooling_layer=False).eval()
    ids = torch.randint(0, 30521, (batch, length)); mask = torch.ones_like(ids)
    if engine == "torch":
        def step():
            with torch.inference_mode(): model(input_ids=ids, attention_mask=mask)
    else:
        import onnxruntime

        class Hidden(torch.nn.Module):
            def __init__(self): super().__init__(); self.model = model
            def forward(self, ids, mask): return self.model(input_ids=ids, attention_mask=mask).last_hidden_state

        path = Path(tempfile.mkdtemp()) / "encoder.onnx"
        torch.onnx.export(Hidden(), (ids, mask), str(path), input_names=["ids", "mask"], dynamo=False)
        options = onnxruntime.SessionOptions(); options.intra_op_num_threads = 2
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        inputs = {"ids": ids.numpy(), "mask": mask.numpy()}
        inputs = {i.name: inputs[i.name] for i in session.get_inputs()}
        def step(): session.run(None, inputs)
    counted = 12 if batch > 1 else 200
    for _ in range(3): step()
    seconds = []
    for _ in range(counted):
        t = time.perf_counter(); step(); seconds.append(time.perf_counter() - t)
    median = sorted(seconds)[counted // 2]
    return {"work": work, "engine": engine, "unit": unit, "rate": round(units / median, 1), "seconds": round(median, 5), "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


if len(sys.argv) == 3:
    print(json.dumps(measure(*sys.argv[1:])))
else:
    run = lambda engine: json.loads(subprocess.run([sys.executable, __file__, sys.argv[1], engine], check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    print(json.dumps(max(map(run, ["torch", "onnxruntime"]), key=lambda figures: figures["rate"])))
