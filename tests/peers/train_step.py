"""The PyTorch peer of `cargo xtask bench --peers` for the training step in tests/examples/bench.

    python tests/peers/train_step.py

Needs torch. Prints one JSON object of the same form.
"""
import json, math
import torch, torch.nn as nn, torch.nn.functional as F
from timing import measure

torch.set_num_threads(2); torch.manual_seed(1)
B, L, V, D, FF, H, N = 64, 32, 8000, 256, 1024, 4, 3


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, D, padding_idx=V - 1)
        nn.init.normal_(self.embedding.weight, std=D ** -0.5)
        layer = dict(d_model=D, nhead=H, dim_feedforward=FF, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**layer), N, enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**layer), N)
        for m in self.modules():  # no dropout on attention weights or activations
            if isinstance(m, nn.MultiheadAttention): m.dropout = 0.0
            if isinstance(m, (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)): m.dropout.p = 0.0
        self.register_buffer("positions", torch.randn(1, L, D) * 0.1)
        self.causal = nn.Transformer.generate_square_subsequent_mask(L)

    def forward(self, source, target):
        embed = lambda ids: F.dropout(self.embedding(ids) * math.sqrt(D) + self.positions, 0.1)
        memory = self.encoder(embed(source))
        states = self.decoder(embed(target), memory, tgt_mask=self.causal, tgt_is_causal=True)
        return F.linear(states, self.embedding.weight[:-1])


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-9, fused=True)
source, target = (torch.randint(0, V - 1, (B, L)) for _ in range(2))


def step():
    loss = F.cross_entropy(model(source, target).reshape(-1, V - 1), target.reshape(-1), label_smoothing=0.1)
    optimizer.zero_grad(set_to_none=True); loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0); optimizer.step()


print(json.dumps(measure("train-step", "tokens/s", B * 2 * L, step)))
