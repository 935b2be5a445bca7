//! The residual stream and the connection of sub-layers to it.

use burn::tensor::Tensor;
use crosshead_kernels::{Mode, add_dropout, add_norm, add_then_norm};
use serde::{Deserialize, Serialize};

use crate::Norm;

/// The position of the norms relative to the residual connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormOrder {
    /// x + dropout(f(norm(x))) (Wang et al. 2019; Xiong et al. 2020). A stack has a final norm.
    Pre,
    /// norm(x + dropout(f(x))) (Vaswani et al. 2017, section 3.1).
    #[default]
    Post,
    /// x + dropout(norm′(f(norm(x)))) (Ding et al. 2021; Gemma 2). A stack has a final norm.
    Sandwich,
    /// x + dropout(attention(n)) + dropout(feed_forward(n)) with n = norm(x) (Wang & Komatsuzaki 2021; PaLM). A stack has a final
    /// norm.
    Parallel,
}

impl NormOrder {
    /// Whether a stack needs a final norm, because a layer's output is not normalized.
    pub(crate) fn needs_final_norm(self) -> bool {
        self != Self::Post
    }
}

/// The connection of a sub-layer to the residual stream: norms, order and output dropout.
#[derive(Clone, Copy)]
pub(crate) struct Connection<'a> {
    /// The sub-layer's name.
    pub(crate) name: &'static str,
    /// The norm; `None` for the feed-forward sub-layer in parallel order.
    pub(crate) norm: Option<&'a Norm>,
    /// The output norm; only in sandwich order.
    pub(crate) output_norm: Option<&'a Norm>,
    pub(crate) order: NormOrder,
    pub(crate) dropout: f32,
}

impl<'a> Connection<'a> {
    fn norm(&self) -> &'a Norm {
        self.required(self.norm, "norm")
    }

    /// The output norm, which exists only in sandwich order.
    fn output_norm(&self) -> Option<&'a Norm> {
        match self.order {
            NormOrder::Sandwich => Some(self.required(self.output_norm, "output_norm")),
            NormOrder::Pre | NormOrder::Post | NormOrder::Parallel => {
                self.assert_none(self.output_norm, "output_norm");
                None
            }
        }
    }

    fn required(&self, norm: Option<&'a Norm>, kind: &str) -> &'a Norm {
        let Self { name, order, .. } = self;
        norm.unwrap_or_else(|| panic!("a layer in {order:?} order needs {name}_{kind}"))
    }

    fn assert_none(&self, norm: Option<&Norm>, kind: &str) {
        let Self { name, order, .. } = self;
        assert!(norm.is_none(), "a layer in {order:?} order has no {name}_{kind}");
    }
}

/// The residual stream of a stack.
///
/// The output of a sub-layer is added when the stream is next read, usually by a norm, which fuses the addition with the
/// normalization.
pub(crate) struct Stream {
    /// `[batch, seq, d_model]`
    value: Tensor<3>,
    addend: Option<Addend>,
}

/// A sub-layer output that has not been added yet.
struct Addend {
    /// `[batch, seq, d_model]`
    output: Tensor<3>,
    dropout: f32,
    mode: Mode,
}

impl Stream {
    /// A stream with the given value.
    ///
    /// # Shapes
    /// - `value`: `[batch, seq, d_model]`
    pub(crate) fn new(value: Tensor<3>) -> Self {
        Self { value, addend: None }
    }

    /// The stream's value.
    ///
    /// # Shapes
    /// - output: `[batch, seq, d_model]`
    pub(crate) fn finish(self) -> Tensor<3> {
        let Self { value, addend } = self;
        let Some(Addend { output, dropout, mode }) = addend else { return value };
        let shape = value.dims();
        add_dropout(rows(value), rows(output), dropout, mode).reshape(shape)
    }

    /// The stream's value, normalized if there is a norm.
    ///
    /// # Shapes
    /// - output: `[batch, seq, d_model]`
    pub(crate) fn finish_with(self, norm: Option<&Norm>) -> Tensor<3> {
        let Some(norm) = norm else { return self.finish() };
        let Self { value, addend } = self;
        let Some(Addend { output, dropout, mode }) = addend else { return norm.forward(value) };
        let shape = value.dims();
        add_norm(rows(value), rows(output), dropout, mode, norm.weights()).reshape(shape)
    }

    /// The stream and its normalized value.
    fn normalized(self, norm: &Norm) -> (Self, Tensor<3>) {
        let Self { value, addend } = self;
        let Some(Addend { output, dropout, mode }) = addend else {
            return (Self::new(value.clone()), norm.forward(value));
        };
        let shape = value.dims();
        let [value, normalized] =
            add_then_norm(rows(value), rows(output), dropout, mode, norm.weights())
                .map(|x| x.reshape(shape));
        (Self::new(value), normalized)
    }

    /// Adds a sub-layer output: the only implementation of the residual connection.
    fn plus(self, output: Tensor<3>, dropout: f32, mode: Mode) -> Self {
        let mode = mode.stream("residual");
        Self { value: self.finish(), addend: Some(Addend { output, dropout, mode }) }
    }
}

/// `[batch · seq, d_model]`
fn rows(x: Tensor<3>) -> Tensor<2> {
    let [batch, seq, d_model] = x.dims();
    x.reshape([batch * seq, d_model])
}

/// Applies a sub-layer `f`, which maps `[batch, seq, d_model]` to the same shape, with its residual connection, dropout and
/// norms; for every order except parallel.
pub(crate) fn sub_layer(
    stream: Stream,
    connection: Connection<'_>,
    mode: Mode,
    f: impl FnOnce(Tensor<3>) -> Tensor<3>,
) -> Stream {
    let (norm, output_norm) = (connection.norm(), connection.output_norm());
    let dropout = connection.dropout;
    match connection.order {
        NormOrder::Post => {
            let x = stream.finish();
            let output = f(x.clone());
            let sum = Stream::new(x).plus(output, dropout, mode);
            Stream::new(sum.finish_with(Some(norm)))
        }
        NormOrder::Pre | NormOrder::Sandwich => {
            let (stream, input) = stream.normalized(norm);
            let output = f(input);
            let output = match output_norm {
                Some(norm) => norm.forward(output),
                None => output,
            };
            stream.plus(output, dropout, mode)
        }
        NormOrder::Parallel => panic!("parallel order combines two sub-layers"),
    }
}

/// Applies two sub-layers in parallel order: both read the input normalized by the norm of the first.
pub(crate) fn parallel(
    stream: Stream,
    [first, second]: [Connection<'_>; 2],
    [first_mode, second_mode]: [Mode; 2],
    f: impl FnOnce(Tensor<3>) -> Tensor<3>,
    g: impl FnOnce(Tensor<3>) -> Tensor<3>,
) -> Stream {
    second.assert_none(second.norm, "norm");
    for connection in [first, second] {
        connection.assert_none(connection.output_norm, "output_norm");
    }
    let (stream, input) = stream.normalized(first.norm());
    let stream = stream.plus(f(input.clone()), first.dropout, first_mode);
    stream.plus(g(input), second.dropout, second_mode)
}
