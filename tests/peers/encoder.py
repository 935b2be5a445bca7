"""The peers' side of `cargo xtask bench --peers`: the encoder of tests/examples/bench.

    python tests/peers/encoder.py encoder-batch|encoder-batch-int8|encoder-single|encoder-single-int8

Needs torch, transformers, onnx and onnxruntime. Prints one JSON object of the same form, for the faster of PyTorch eager and
ONNX Runtime. Each runs in a separate process, so that memory is measured separately; the model is exported in a third one.
In int8 the only peer is ONNX Runtime with dynamic quantization.
"""
import json, subprocess, sys, tempfile
from pathlib import Path
from timing import measure

BATCH, SINGLE = (32, 128, 32 * 128, "tokens/s"), (1, 16, 1, "sentences/s")
SIZES = {"encoder-batch": BATCH, "encoder-batch-int8": BATCH, "encoder-single": SINGLE, "encoder-single-int8": SINGLE}


def encoder(work):
    import torch
    from transformers import BertConfig, BertModel

    torch.set_num_threads(2); torch.manual_seed(1)
    batch, length = SIZES[work][:2]
    config = BertConfig(vocab_size=30522, hidden_size=384, intermediate_size=1536, num_hidden_layers=6, num_attention_heads=12)
    model = BertModel(config, add_pooling_layer=False).eval()
    ids = torch.randint(0, 30521, (batch, length))
    return model, ids, torch.ones_like(ids)


def torch_step(work):
    import torch

    model, ids, mask = encoder(work)
    def step():
        with torch.inference_mode(): model(input_ids=ids, attention_mask=mask)
    return step


def export(work, path):
    import torch

    model, ids, mask = encoder(work)
    class Hidden(torch.nn.Module):
        def __init__(self): super().__init__(); self.model = model
        def forward(self, ids, mask): return self.model(input_ids=ids, attention_mask=mask).last_hidden_state

    torch.onnx.export(Hidden(), (ids, mask), path, input_names=["ids", "mask"], dynamo=False)
    if work.endswith("int8"):
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(path, path, weight_type=QuantType.QInt8)


def onnx_step(work, path):
    import numpy, onnxruntime

    options = onnxruntime.SessionOptions(); options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    shape = SIZES[work][:2]
    inputs = {"ids": numpy.random.default_rng(1).integers(0, 30521, shape), "mask": numpy.ones(shape, "int64")}
    inputs = {i.name: inputs[i.name] for i in session.get_inputs()}
    return lambda: session.run(None, inputs)


def figures(work, engine, step):
    batch, _, units, unit = SIZES[work]
    print(json.dumps({"engine": engine} | measure(work, unit, units, step, counted=12 if batch > 1 else 200)))


def alone(*arguments):
    out = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True).stdout
    return out.splitlines()[-1] if out else None


work, engine, path = (sys.argv[1:] + [None, None])[:3]
if engine == "torch":
    figures(work, engine, torch_step(work))
elif engine == "export":
    export(work, path)
elif engine == "onnxruntime":
    figures(work, engine, onnx_step(work, path))
else:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "encoder.onnx")
        alone(work, "export", path)
        found = [alone(work, "onnxruntime", path)]
        if not work.endswith("int8"): found.append(alone(work, "torch"))
    print(json.dumps(max(map(json.loads, found), key=lambda figures: figures["rate"])))
