//! Scaled dot-product attention.

mod agreement;
mod inputs;

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use crate::flex::testing::{normal, value_and_gradients};
use crate::{AttentionOptions, Mode, RandomKey, Reach};

type Body =
    fn(Tensor<4>, Tensor<4>, Tensor<4>, Option<Tensor<4>>, AttentionOptions, Mode) -> Tensor<4>;

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    q_len: usize,
    k_len: usize,
    n_kv_heads: usize,
    group: usize,
    d_head: usize,
    d_value: usize,
    /// Which dimensions of the bias are broadcast; the fourth element says whether there is a bias.
    bias: [bool; 4],
    /// The bias hides one in this many scores; 0 hides none.
    hidden: usize,
    reach: Reach,
    soft_cap: Option<f32>,
    dropout: f32,
}

impl Case {
    /// Heads in the layout returned by a projection: slices of rows.
    fn heads(&self, seed: u64, shape: [usize; 4], device: &Device) -> Tensor<4> {
        let [batch, len, heads, features] = shape;
        normal::<2>(seed, [batch * len, heads * features], device).reshape(shape)
    }

    fn n_heads(&self) -> usize {
        self.n_kv_heads * self.group
    }

    fn inputs(&self, device: &Device) -> (Tensor<4>, Tensor<4>, Tensor<4>, Option<Tensor<4>>) {
        let Self { batch, q_len, k_len, n_kv_heads, d_head, d_value, .. } = *self;
        let q = self.heads(1, [batch, q_len, self.n_heads(), d_head], device);
        let k = self.heads(2, [batch, k_len, n_kv_heads, d_head], device);
        let v = self.heads(3, [batch, k_len, n_kv_heads, d_value], device);
        (q, k, v, self.bias[3].then(|| self.bias(device)))
    }

    fn bias(&self, device: &Device) -> Tensor<4> {
        let full = [self.batch, self.n_heads(), self.q_len];
        let size = |axis: usize| if self.bias[axis] { 1 } else { full[axis] };
        let shape = [size(0), size(1), size(2), self.k_len];
        let key = RandomKey::new(4);
        let n = shape.iter().product();
        let values: Vec<f32> = key
            .normal(n)
            .into_iter()
            .zip(key.stream("hidden").take(n))
            .map(|(value, word)| match self.hidden {
                0 => value,
                every if (word as usize).is_multiple_of(every) => f32::NEG_INFINITY,
                _ => value,
            })
            .collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn options(&self) -> AttentionOptions {
        let scale = 1.0 / (self.d_head as f32).sqrt();
        AttentionOptions {
            scale,
            reach: self.reach,
            soft_cap: self.soft_cap,
            dropout: self.dropout,
        }
    }

    fn mode(&self) -> Mode {
        Mode::Train(RandomKey::new(5).stream("attention").at_step(2))
    }

    /// The output and the gradients of q, k, v and the bias.
    fn run(&self, body: Body) -> Vec<TensorData> {
        let (q, k, v, bias) = self.inputs(&Device::flex().autodiff());
        let (q, k, v) = (q.require_grad(), k.require_grad(), v.require_grad());
        let bias = bias.map(Tensor::require_grad);
        let y = body(q.clone(), k.clone(), v.clone(), bias.clone(), self.options(), self.mode());
        match bias {
            Some(bias) => value_and_gradients!(y, [q, k, v, bias]),
            None => value_and_gradients!(y, [q, k, v]),
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1..4usize, 1..20usize, 1..20usize, 1..3usize, 1..3usize, 1..20usize, 1..20usize);
    let window = prop::option::of(1..8usize);
    let reach = (0..4usize, any::<bool>(), window).prop_map(|(offset, causal, window)| Reach {
        offset,
        causal,
        window,
    });
    let dropout = prop_oneof![Just(0.0f32), Just(0.3)];
    (sizes, any::<[bool; 4]>(), 0..5usize, reach, dropout).prop_map(
        |(
            (batch, q_len, k_len, n_kv_heads, group, d_head, d_value),
            bias,
            hidden,
            reach,
            dropout,
        )| Case {
            batch,
            q_len,
            k_len,
            n_kv_heads,
            group,
            d_head,
            d_value,
            bias,
            hidden,
            reach,
            soft_cap: None,
            dropout,
        },
    )
}

/// More queries and keys than fit in one block.
fn several_blocks() -> Case {
    Case {
        batch: 2,
        q_len: 150,
        k_len: 600,
        n_kv_heads: 2,
        group: 2,
        d_head: 24,
        d_value: 16,
        bias: [true, false, false, true],
        hidden: 3,
        reach: Reach::causal(400),
        soft_cap: None,
        dropout: 0.2,
    }
}
