//! Functions shared by the encoder and decoder stacks.

use burn::tensor::{Device, Tensor};
use crosshead_attention::AttentionMask;
use crosshead_kernels::Mode;

/// The self-attention mask of every layer, without the position bias.
pub(crate) fn mask(mask: AttentionMask, window: Option<usize>, k_len: usize) -> AttentionMask {
    let mask = mask.prepared(k_len);
    match window {
        Some(window) => mask.with_window(window),
        None => mask,
    }
}

/// Panics with the name of the module if `x` does not have `d_model` features.
#[track_caller]
pub(crate) fn check_features(part: &str, x: &Tensor<3>, d_model: usize) {
    let [.., features] = x.dims();
    assert!(
        features == d_model,
        "x {:?} of {part} must have d_model ({d_model}) features: [batch, len, d_model]",
        x.dims()
    );
}

/// The mask with an optional position bias.
pub(crate) fn with_bias(mask: &AttentionMask, bias: Option<Tensor<4>>) -> AttentionMask {
    match bias {
        Some(bias) => mask.clone().with_bias(bias),
        None => mask.clone(),
    }
}

/// Reshapes an optional tensor to the rank that [`checkpoint`](crosshead_kernels::checkpoint()) takes.
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

/// Whether LayerDrop skips a layer in this pass; never at inference (Fan, Grave & Joulin 2020).
pub(crate) fn is_dropped(mode: Mode, layer_drop: f32) -> bool {
    match mode.stream("layer_drop") {
        Mode::Train(key) => key.uniform(1)[0] < layer_drop,
        Mode::Eval => false,
    }
}
