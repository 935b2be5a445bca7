//! Random test values from a generator without global state.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use crate::parameters::map_parameters;

/// Values uniform in [−1, 1), a pure function of shape and seed.
///
/// burn's generator is global to the process, so tests in other threads would change its values.
pub fn random<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let values = uniform(shape.iter().product(), seed);
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Adds noise, uniform in ±`amplitude`, to every parameter of a module.
///
/// Biases and norms are initialized with zeros and ones, which would hide a bias added twice or a missing scale.
pub fn jittered<M: Module>(module: M, amplitude: f32, seed: u64) -> M {
    let mut parameter = seed.wrapping_shl(32);
    map_parameters(module, |_, data| {
        parameter += 1;
        let noise = uniform(data.num_elements(), parameter);
        let values = data.iter::<f32>().zip(noise).map(|(value, noise)| value + amplitude * noise);
        TensorData::new(values.collect::<Vec<_>>(), data.shape().clone())
    })
}

/// The upper 24 bits of each number of SplitMix64 (Steele, Lea & Flood 2014).
fn uniform(n: usize, seed: u64) -> Vec<f32> {
    // Seeds are hashed once, so that the streams of neighboring seeds do not overlap.
    let mut state = mix(seed);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(state) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::values;

    #[test]
    fn values_have_the_moments_of_the_uniform_distribution() {
        let values = uniform(100_000, 5);
        let mean = values.iter().sum::<f32>() / 1e5;
        let variance = values.iter().map(|value| value * value).sum::<f32>() / 1e5;
        assert!(values.iter().all(|value| (-1.0..1.0).contains(value)));
        assert!(mean.abs() < 0.01 && (variance - 1.0 / 3.0).abs() < 0.01, "{mean} {variance}");
    }

    #[test]
    fn neighboring_seeds_give_different_values() {
        let (a, b) = (uniform(100, 1), uniform(100, 2));
        assert!(!a.iter().any(|value| b.contains(value)));
        let device = Device::flex();
        assert_eq!(values(&random([10, 10], 1, &device)), a, "the same seed gives the same values");
    }
}
