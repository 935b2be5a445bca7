//! Combined masks.

use burn::tensor::{Device, Int, Tensor, TensorData};
use crosshead_attention::{AttentionMask, MultiHeadAttentionConfig};
use crosshead_kernels::Mode;
use crosshead_testkit::{assert_close, random};
use proptest::prelude::*;

use crate::shapes::{Shape, TOLERANCE, shapes};

/// The parts of a mask of self-attention.
#[derive(Clone, Debug)]
struct Parts {
    causal: bool,
    lengths: Option<Vec<usize>>,
    /// The seed of each bias, and whether it varies over rows, heads and queries.
    biases: Vec<(u64, [bool; 3])>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let lengths = prop::option::of(prop::collection::vec(0..4_usize, 4));
    let biases = prop::collection::vec((0..99_u64, any::<[bool; 3]>()), 0..3);
    (any::<bool>(), lengths, biases).prop_map(|(causal, lengths, biases)| Parts {
        causal,
        lengths,
        biases,
    })
}

impl Parts {
    fn lengths(&self, shape: Shape) -> Option<&[usize]> {
        self.lengths.as_deref().map(|lengths| &lengths[..shape.batch])
    }

    /// A bias that hides about a third of the keys.
    fn bias(shape: Shape, (seed, [rows, heads, queries]): (u64, [bool; 3])) -> Tensor<4> {
        let size = |varies, size| if varies { size } else { 1 };
        let dims = [
            size(rows, shape.batch),
            size(heads, shape.n_heads),
            size(queries, shape.seq),
            shape.seq,
        ];
        let values = random(dims, seed, &Device::flex());
        let hidden = values.clone().lower_elem(-1.0 / 3.0);
        values.mask_fill(hidden, f32::NEG_INFINITY)
    }

    /// The mask that combines the parts.
    fn mask(&self, shape: Shape) -> AttentionMask {
        let device = Device::flex();
        let mask = if self.causal { AttentionMask::causal() } else { AttentionMask::none() };
        let mask = match self.lengths(shape) {
            Some(lengths) => mask.with_key_lengths(lengths, shape.seq, &device),
            None => mask,
        };
        self.biases.iter().fold(mask, |mask, &bias| mask.with_bias(Self::bias(shape, bias)))
    }

    /// The same mask as one value per score, from the definition of each part.
    fn dense(&self, shape: Shape) -> AttentionMask {
        let dims = [shape.batch, shape.n_heads, shape.seq, shape.seq];
        let shown = |at: usize| {
            let (key, query) = (at % shape.seq, at / shape.seq % shape.seq);
            let row = at / (shape.seq * shape.seq * shape.n_heads);
            (!self.causal || key <= query)
                && self.lengths(shape).is_none_or(|lengths| key < lengths[row])
        };
        let scores: Vec<f32> = (0..dims.iter().product())
            .map(|at| if shown(at) { 0.0 } else { f32::NEG_INFINITY })
            .collect();
        let dense = Tensor::<4>::from_data(TensorData::new(scores, dims), &Device::flex());
        let biases = self.biases.iter().map(|&bias| Self::bias(shape, bias));
        AttentionMask::none().with_bias(biases.fold(dense, |sum, bias| sum + bias))
    }
}

fn attend(shape: Shape, x: Tensor<3>, mask: &AttentionMask) -> Tensor<3> {
    shape.attention().self_attention(x, mask, None, Mode::Eval)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_key_is_visible_if_every_part_shows_it(shape in shapes(), parts in parts()) {
        let actual = attend(shape, shape.x(), &parts.mask(shape));
        let expected = attend(shape, shape.x(), &parts.dense(shape));
        assert_close(&actual, &expected, TOLERANCE, TOLERANCE);
    }

    #[test]
    fn the_order_of_parts_does_not_matter(shape in shapes(), parts in parts()) {
        let reversed = Parts { biases: parts.biases.iter().rev().copied().collect(), ..parts.clone() };
        let actual = attend(shape, shape.x(), &parts.mask(shape));
        let expected = attend(shape, shape.x(), &reversed.mask(shape));
        assert_close(&actual, &expected, TOLERANCE, TOLERANCE);
    }

    #[test]
    fn selected_rows_of_a_mask_hide_the_same_keys(shape in shapes(), parts in parts()) {
        let rows = Tensor::<1, Int>::from_data([1, 0, 1], &Device::flex());
        let mask = parts.mask(shape);
        let expected = attend(shape, shape.x(), &mask).select(0, rows.clone());
        let actual = attend(shape, shape.x().select(0, rows.clone()), &mask.select(rows));
        assert_close(&actual, &expected, TOLERANCE, TOLERANCE);
    }
}

#[test]
fn a_bias_scales_the_weights_of_its_keys() {
    // Equal scores and a bias of ln 3 on one of two keys give weights 1/4 and 3/4.
    let device = Device::flex();
    let mut attention = MultiHeadAttentionConfig::new(1, 1).with_bias(false).init(&device);
    let constant =
        |value: f32| burn::module::Param::from_tensor(Tensor::full([1, 1], value, &device));
    attention.q_proj.weight = constant(0.0);
    attention.k_proj.weight = constant(1.0);
    attention.v_proj.weight = constant(1.0);
    attention.out_proj.weight = constant(1.0);
    let bias = Tensor::<4>::from_data([[[[0.0, 3.0_f32.ln()]]]], &device);
    let x = Tensor::<3>::from_data([[[4.0], [8.0]]], &device);
    let y = attention.self_attention(x, &AttentionMask::none().with_bias(bias), None, Mode::Eval);
    assert_close(&y, &Tensor::from_data([[[7.0], [7.0]]], &device), 1e-6, 0.0);
}

#[test]
#[should_panic(expected = "key length (5) must not exceed k_len (4)")]
fn a_length_beyond_the_keys_panics() {
    AttentionMask::key_lengths(&[2, 5], 4, &Device::flex());
}
