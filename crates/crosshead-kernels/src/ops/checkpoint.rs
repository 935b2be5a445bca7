//! Gradient checkpointing: less memory for more time.

use burn::module::Module;
use burn::tensor::Tensor;

/// `f(module, inputs)`, of which training keeps only the inputs: the backward pass runs `f` again (Chen et al. 2016,
/// *Training Deep Nets with Sublinear Memory Cost*).
///
/// Gradients reach the inputs and the module's parameters, and equal those of a plain call; anything else that `f`
/// captures is treated as constant. `f` must give the same result every time: dropout does, because its masks are a function of their key.
///
/// On devices other than Flex with autodiff this is a plain call: the same result, and no memory saved.
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
