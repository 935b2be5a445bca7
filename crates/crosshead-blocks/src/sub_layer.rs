//! The residual connections of a stack, and the sub-layers that they lead around.

use burn::tensor::Tensor;
use crosshead_kernels::{Mode, add_dropout, add_norm, add_then_norm};
use serde::{Deserialize, Serialize};

use crate::Norm;

/// Where normalization is applied with respect to the residual connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// What surrounds a sub-layer: its norms, their order and the dropout of its output.
#[derive(Clone, Copy)]
pub(crate) struct Connection<'a> {
    /// The sub-layer's name.
    pub(crate) name: &'static str,
    /// The norm; in parallel order feed-forward has none of its own.
    pub(crate) norm: Option<&'a Norm>,
    /// The norm of the output, in sandwich order.
    pub(crate) output_norm: Option<&'a Norm>,
    pub(crate) order: NormOrder,
    pub(crate) dropout: f32,
}

impl<'a> Connection<'a> {
    fn norm(&self) -> &'a Norm {
        self.required(self.norm, "norm")
    }

    /// The norm of the output, which sandwich order has and no other.
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
        assert!(norm.is_none(), "a layer in {order:?} order reads no {name}_{kind}");
    }
}

/// What flows through a stack along its residual connections.
///
/// The output of a sub-layer is added when the stream is read next: most often by a norm, which takes the same pass over
/// memory.
pub(crate) struct Stream {
    /// `[batch, seq, d_model]`
    value: Tensor<3>,
    addend: Option<Addend>,
}

/// What is still to be added to a stream.
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

    /// The norm of the stream's value, or that value without one.
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

    /// The stream, and the norm of its value.
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

    /// The residual connection: the only place that adds one.
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

/// One sub-layer `f`, from `[batch, seq, d_model]` to the same, with its residual connection, dropout and norms, in every
/// order but parallel.
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
        NormOrder::Parallel => panic!("parallel order joins two sub-layers"),
    }
}

/// Two sub-layers that read the same input, normalized by the norm of the first, in parallel order.
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
