//! The residual connection around every sub-layer.

use burn::tensor::Tensor;
use crosshead_kernels::{Mode, add_dropout};

use crate::Norm;

/// Where normalization stands with respect to the residual connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NormOrder {
    /// x + dropout(f(norm(x))) (Wang et al. 2019; Xiong et al. 2020). A stack ends with one more norm.
    Pre,
    /// norm(x + dropout(f(x))): the paper's order (Vaswani et al. 2017, section 3.1).
    #[default]
    Post,
    /// x + dropout(norm′(f(norm(x)))) (Ding et al. 2021; Gemma 2). A stack ends with one more norm.
    Sandwich,
    /// x + dropout(attention(n)) + dropout(feed_forward(n)) with one n = norm(x) (Wang & Komatsuzaki 2021; PaLM). A stack
    /// ends with one more norm.
    Parallel,
}

impl NormOrder {
    /// Whether what a layer gives is not yet normalized, so that a stack needs a last norm.
    pub(crate) fn needs_final_norm(self) -> bool {
        self != Self::Post
    }
}

/// What stands around a sub-layer: its norms, their order and the dropout of its output.
#[derive(Clone, Copy)]
pub(crate) struct Connection<'a> {
    pub(crate) norm: &'a Norm,
    /// The norm of the output, in sandwich order.
    pub(crate) output_norm: Option<&'a Norm>,
    pub(crate) order: NormOrder,
    pub(crate) dropout: f32,
}

/// One sub-layer `f` with its residual connection, dropout and norms.
///
/// # Shapes
/// - `x` and output: `[batch, seq, d_model]`
pub(crate) fn sub_layer(
    x: Tensor<3>,
    connection: Connection<'_>,
    mode: Mode,
    f: impl FnOnce(Tensor<3>) -> Tensor<3>,
) -> Tensor<3> {
    let Connection { norm, output_norm, order, dropout } = connection;
    let input = if order == NormOrder::Post { x.clone() } else { norm.forward(x.clone()) };
    let output = f(input);
    let output = match output_norm {
        Some(norm) => norm.forward(output),
        None => output,
    };
    let sum = add(x, output, dropout, mode);
    if order == NormOrder::Post { norm.forward(sum) } else { sum }
}

/// Two sub-layers that read the same normalized input, in parallel order.
///
/// # Shapes
/// - `x` and output: `[batch, seq, d_model]`
pub(crate) fn parallel(
    x: Tensor<3>,
    connection: Connection<'_>,
    [first_mode, second_mode]: [Mode; 2],
    first: impl FnOnce(Tensor<3>) -> Tensor<3>,
    second: impl FnOnce(Tensor<3>) -> Tensor<3>,
) -> Tensor<3> {
    let input = connection.norm.forward(x.clone());
    let sum = add(x, first(input.clone()), connection.dropout, first_mode);
    add(sum, second(input), connection.dropout, second_mode)
}

/// The residual connection: the only place that adds one.
fn add(residual: Tensor<3>, output: Tensor<3>, dropout: f32, mode: Mode) -> Tensor<3> {
    let shape = residual.dims();
    let rows = |x: Tensor<3>| x.reshape([shape[0] * shape[1], shape[2]]); // [batch · seq, d_model]
    add_dropout(rows(residual), rows(output), dropout, mode.stream("residual")).reshape(shape)
}
