"""The PyTorch peer of `cargo xtask bench --peers` for the GPT training step in tests/examples/bench.

    python tests/peers/gpt_step.py

Needs torch. Prints one JSON object of the same form.
"""
import json
import torch, torch.nn as nn, torch.nn.functional as F
from timing import measure

torch.set_num_threads(2); torch.manual_seed(1)
B, L, V, D, H, N = 16, 256, 65, 384, 6, 6


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.out = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.up, self.down = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

    def forward(self, x):
        q, k, v = (y.view(B, L, H, D // H).transpose(1, 2) for y in self.qkv(self.norm1(x)).split(D, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(B, L, D))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(V, D), nn.Embedding(L, D)
        self.layers, self.norm = nn.ModuleList(Layer() for _ in range(N)), nn.LayerNorm(D)
        for table in (self.embedding, self.positions): nn.init.normal_(table.weight, std=D ** -0.5)

    def forward(self, ids):
        x = self.embedding(ids) + self.positions.weight
        for layer in self.layers: x = layer(x)
        return F.linear(self.norm(x), self.embedding.weight)


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-9, fused=True)
ids, targets = (torch.randint(0, V, (B, L)) for _ in range(2))


def step():
    loss = F.cross_entropy(model(ids).reshape(-1, V), targets.reshape(-1))
    optimizer.zero_grad(set_to_none=True); loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0); optimizer.step()


print(json.dumps(measure("gpt-step", "tokens/s", B * L, step)))
