//! What the stacks of encoder and decoder layers have in common.

use burn::tensor::{Device, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_kernels::Mode;

/// What self-attention sees in every layer of a stack, but for the bias of positions.
pub(crate) fn mask(mask: AttentionMask, window: Option<usize>, k_len: usize) -> AttentionMask {
    let mask = mask.prepared(k_len);
    match window {
        Some(window) => mask.with_window(window),
        None => mask,
    }
}

/// A message with names in place of a failure deep inside.
#[track_caller]
pub(crate) fn check_features(part: &str, x: &Tensor<3>, d_model: usize) {
    let [.., features] = x.dims();
    assert!(
        features == d_model,
        "x {:?} of {part} must have d_model ({d_model}) features: [batch, len, d_model]",
        x.dims()
    );
}

/// The mask with the bias of positions, where there is one.
pub(crate) fn with_bias(mask: &AttentionMask, bias: Option<Tensor<4>>) -> AttentionMask {
    match bias {
        Some(bias) => mask.clone().with_bias(bias),
        None => mask.clone(),
    }
}

/// An optional tensor in the form that [`checkpoint`](crosshead_kernels::checkpoint()) takes.
pub(crate) fn pack<const D: usize>(x: Option<Tensor<D>>, device: &Device) -> Tensor<3> {
    match x {
        Some(x) => {
            let shape: [usize; D] = x.dims();
            let [.., q, k] = shape[..] else { panic!("a tensor of rank 3 or 4") };
            x.reshape([shape[..D - 2].iter().product(), q, k])
        }
        None => Tensor::zeros([1, 1, 1], device),
    }
}

/// Whether a layer is left out of this pass: never at inference (Fan, Grave & Joulin 2020).
pub(crate) fn is_dropped(mode: Mode, layer_drop: f32) -> bool {
    match mode.stream("layer_drop") {
        Mode::Train(key) => key.uniform(1)[0] < layer_drop,
        Mode::Eval => false,
    }
}
