//! Helpers for the tests of the fused operations: inputs, comparison with the plain implementation, thread pools.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{Device, Tensor, TensorData};

use crate::RandomKey;

/// Normally distributed values that depend only on the seed.
pub(crate) fn normal<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = RandomKey::new(seed).normal(shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// `y`, followed by the gradients of Σ `y`·noise with respect to the given tensors.
macro_rules! value_and_gradients {
    ($y:expr, [$($input:expr),* $(,)?]) => {{
        let y = $y;
        let cotangent = $crate::flex::testing::normal(99, y.dims(), &y.device());
        let gradients = (y.clone() * cotangent).sum().backward();
        let mut values = vec![y.into_data()];
        $(values.extend($input.grad(&gradients).map(|gradient| gradient.into_data()));)*
        values
    }};
}
pub(crate) use value_and_gradients;

/// Asserts that values agree within `tolerance` times the largest expected magnitude (at least 1).
///
/// The rounding error of a sum grows with its largest terms. Results that are small because of cancellation are
/// therefore not compared relative to their own magnitude.
#[track_caller]
pub(crate) fn assert_close(actual: &[TensorData], expected: &[TensorData], tolerance: f32) {
    assert_eq!(actual.len(), expected.len(), "number of results");
    for (index, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        assert_eq!(actual.shape(), expected.shape(), "shape of result {index}");
        let size = expected.iter::<f32>().fold(1.0, |size: f32, value| size.max(value.abs()));
        for (i, (a, e)) in actual.iter::<f32>().zip(expected.iter::<f32>()).enumerate() {
            let close = (a - e).abs() <= tolerance * size;
            assert!(close, "result {index}, element {i}: {a}, expected {e} of at most {size}");
        }
    }
}

/// Whether [`vectorized`](super::runtime::simd::vectorized) runs without vectors, on every thread.
static SCALAR: AtomicBool = AtomicBool::new(false);

pub(crate) fn on_scalar_path() -> bool {
    SCALAR.load(Ordering::Relaxed)
}

/// Asserts that the results of `f` are bit-identical in pools of one, two and three threads, and without vectors.
#[track_caller]
pub(crate) fn assert_same_for_any_number_of_threads(f: impl Fn() -> Vec<TensorData> + Send + Sync) {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(&f)
    };
    let expected = run(1);
    for threads in [2, 3] {
        assert!(
            run(threads) == expected,
            "the result with {threads} threads is not bit-identical to that with one"
        );
    }
    // Tests that run at the same time also use the scalar path, which makes no difference if this assertion holds.
    SCALAR.store(true, Ordering::Relaxed);
    let scalar = run(2);
    SCALAR.store(false, Ordering::Relaxed);
    assert!(scalar == expected, "the result without vectors is not bit-identical");
}
