//! Attention, forward and backward, at increasing lengths.

use burn::tensor::{Device, Tensor, TensorData};
use crosshead::kernels::{AttentionOptions, Mode, RandomKey, attention, in_pool};

use crate::Work;

const N_HEADS: usize = 4;
const D_HEAD: usize = 64;

pub(crate) fn works() -> Vec<Work> {
    let training = |name, len: usize, start| Work {
        name,
        unit: "positions",
        units: len as f64,
        counted: 12,
        start,
    };
    vec![
        training("attention-512", 512, || step(512)),
        training("attention-1024", 1024, || step(1024)),
        training("attention-2048", 2048, || step(2048)),
        training("attention-4096", 4096, || step(4096)),
        training("attention-8192", 8192, || step(8192)),
    ]
}

/// Forward and backward pass of one sequence without a mask.
fn step(len: usize) -> Box<dyn FnMut()> {
    let device = Device::flex().autodiff();
    let heads = |name| {
        let values = RandomKey::new(1).stream(name).normal(len * N_HEADS * D_HEAD);
        Tensor::<4>::from_data(TensorData::new(values, [1, len, N_HEADS, D_HEAD]), &device)
    };
    let inputs = ["q", "k", "v"].map(|name| heads(name).require_grad());
    let cotangent = heads("gradient");
    Box::new(move || {
        let [q, k, v] = inputs.clone();
        let options = AttentionOptions::new(1.0 / (D_HEAD as f32).sqrt());
        let gradients = in_pool(|| {
            let out = attention(q, k, v, None, options, Mode::Eval);
            (out * cotangent.clone()).sum().backward()
        });
        assert!(inputs.iter().all(|input| input.grad(&gradients).is_some()));
    })
}
