//! The residual connection around every sub-layer.

use burn::tensor::Tensor;
use crosshead_kernels::{LayerNorm, Mode, add_dropout};

/// Where layer normalization stands with respect to the residual connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NormOrder {
    /// x + dropout(f(norm(x))) (Wang et al. 2019; Xiong et al. 2020). A stack ends with one more norm.
    Pre,
    /// norm(x + dropout(f(x))): the paper's order (Vaswani et al. 2017, section 3.1).
    #[default]
    Post,
}

/// One sub-layer `f` with its residual connection, dropout and norm: the only place that adds a residual.
///
/// # Shapes
/// - `x` and output: `[batch, seq, d_model]`
pub(crate) fn sub_layer(
    x: Tensor<3>,
    norm: &LayerNorm,
    order: NormOrder,
    dropout: f32,
    mode: Mode,
    f: impl FnOnce(Tensor<3>) -> Tensor<3>,
) -> Tensor<3> {
    let shape = x.dims();
    let rows = |x: Tensor<3>| x.reshape([shape[0] * shape[1], shape[2]]); // [batch · seq, d_model]
    let residual = rows(x);
    let input = match order {
        NormOrder::Pre => norm.forward(residual.clone()),
        NormOrder::Post => residual.clone(),
    };
    let output = rows(f(input.reshape(shape)));
    let sum = add_dropout(residual, output, dropout, mode.stream("residual"));
    let y = match order {
        NormOrder::Pre => sum,
        NormOrder::Post => norm.forward(sum),
    };
    y.reshape(shape)
}
