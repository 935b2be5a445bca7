//! Gradient checkpointing: trades compute for memory.

use burn::module::Module;
use burn::tensor::Tensor;

/// Computes `f(module, inputs)` and saves only the inputs for the backward pass, which runs `f` again (Chen et al.
/// 2016, *Training Deep Nets with Sublinear Memory Cost*).
///
/// Gradients flow to the inputs and to the module's parameters; any other tensor that `f` captures is treated as a
/// constant. The gradients are bit-identical to those of a plain call, except for an input that is also used outside
/// this call: the terms of its gradient from this call are summed first, so the order of summation differs. `f` must be
/// deterministic. Dropout is, because its masks are a function of the key.
///
/// On devices other than Flex with autodiff, this is a plain call and does not save memory.
///
/// # Shapes
/// - `inputs` and output: `[batch, len, d_model]`
pub fn checkpoint<M, F, const N: usize>(module: &M, inputs: [Tensor<3>; N], f: F) -> Tensor<3>
where
    M: Module + Sync + 'static,
    F: Fn(&M, [Tensor<3>; N]) -> Tensor<3> + Send + Sync + 'static,
{
    #[cfg(feature = "flex")]
    if inputs.iter().all(|x| crate::flex::is_flex(x) && x.is_autodiff()) {
        return crate::flex::ops::checkpoint::checkpoint(module, inputs, f);
    }
    f(module, inputs)
}
