//! What the tests of fused operations share: inputs, comparison with the plain body, pools of threads.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{Device, Tensor, TensorData};

use crate::RandomKey;

/// Normally distributed values, a function of the seed alone.
pub(crate) fn normal<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = RandomKey::new(seed).normal(shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The gradients of Σ `y`·noise in the given tensors, after `y` itself.
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

/// Asserts that values agree within `tolerance` times the largest magnitude of what is expected (at least 1).
///
/// Rounding errors of a sum grow with its largest terms, so that small results of cancellation are not held to
/// their own size.
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

/// Whether [`vectorized`](super::runtime::simd::vectorized) runs without vectors, in every thread.
static SCALAR: AtomicBool = AtomicBool::new(false);

pub(crate) fn on_scalar_path() -> bool {
    SCALAR.load(Ordering::Relaxed)
}

/// Asserts that `f` gives the same bits in pools of one, two and three threads, and without the widest vectors.
#[track_caller]
pub(crate) fn assert_same_for_any_number_of_threads(f: impl Fn() -> Vec<TensorData> + Send + Sync) {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(&f)
    };
    let expected = run(1);
    for threads in [2, 3] {
        assert!(run(threads) == expected, "{threads} threads give other bits than one");
    }
    // Tests that run meanwhile take the scalar path too, which changes nothing if this holds.
    SCALAR.store(true, Ordering::Relaxed);
    let scalar = run(2);
    SCALAR.store(false, Ordering::Relaxed);
    assert!(scalar == expected, "the scalar path gives other bits");
}
