"""The peers' side of `cargo xtask bench --peers`: the encoder of tests/examples/bench.

    python tests/peers/encoder.py encoder-batch|encoder-single

Needs torch, transformers, onnx and onnxruntime. Prints one JSON object of the same form: of PyTorch eager and ONNX
Runtime, whichever is faster, each in a process of its own so that its memory is its own.
"""
import json, subprocess, sys, tempfile
from pathlib import Path
from timing import measure

SIZES = {"encoder-batch": (32, 128, 32 * 128, "tokens/s"), "encoder-single": (1, 16, 1, "sentences/s")}


def run(work, engine):
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
    return {"engine": engine} | measure(work, unit, units, step, counted=12 if batch > 1 else 200)


if len(sys.argv) == 3:
    print(json.dumps(run(*sys.argv[1:])))
else:
    alone = lambda engine: json.loads(subprocess.run([sys.executable, __file__, sys.argv[1], engine], check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    print(json.dumps(max(map(alone, ["torch", "onnxruntime"]), key=lambda figures: figures["rate"])))
