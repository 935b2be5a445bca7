//! The initial weights of layers and stacks.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::Device;
use crosshead_blocks::{FeedForwardConfig, LayerConfig};
use crosshead_testkit::map_parameters;

const D_MODEL: usize = 8;

/// All matrices are square, so two matrices from the same random stream would be equal.
fn config() -> LayerConfig {
    let feed_forward = FeedForwardConfig::new(D_MODEL, D_MODEL).with_gated(true);
    LayerConfig::new(D_MODEL, 2, D_MODEL).with_feed_forward(feed_forward)
}

/// The matrices of a module by path.
fn matrices<M: Module>(module: M) -> BTreeMap<String, Vec<f32>> {
    let mut found = BTreeMap::new();
    map_parameters(module, |path, data| {
        if data.shape().num_dims() == 2 {
            found.insert(path.to_owned(), data.iter::<f32>().collect());
        }
        data
    });
    found
}

/// An encoder, a decoder and a decoder without cross-attention.
fn stacks(config: &LayerConfig, n_layers: usize) -> [BTreeMap<String, Vec<f32>>; 3] {
    let device = Device::flex();
    [
        matrices(config.init_encoder(n_layers, &device)),
        matrices(config.init_decoder(n_layers, &device)),
        matrices(config.init_decoder_only(n_layers, &device)),
    ]
}

#[test]
fn no_two_matrices_of_an_encoder_and_a_decoder_are_equal() {
    let [encoder, decoder, decoder_only] = stacks(&config(), 6);
    assert_eq!(encoder.len(), 6 * (4 + 3));
    assert_eq!(decoder.len(), 6 * (4 + 4 + 3));
    for stacks in [[&encoder, &decoder], [&encoder, &decoder_only]] {
        let all: Vec<_> = stacks.into_iter().flatten().collect();
        for (at, (path, values)) in all.iter().enumerate() {
            for (other, others) in &all[at + 1..] {
                let same = values.iter().zip(*others).filter(|(a, b)| a == b).count();
                assert_eq!(same, 0, "{path} and {other}");
            }
        }
    }
}

#[test]
fn weights_depend_on_the_seed() {
    let of = |config: LayerConfig| stacks(&config, 2);
    assert_eq!(of(config().with_seed(5)), of(config().with_seed(5)));
    assert_eq!(of(config()), of(config().with_seed(0)), "0 is the seed unless another is given");
    for (first, second) in of(config().with_seed(1)).iter().zip(of(config().with_seed(2))) {
        for (path, values) in first {
            assert!(values.iter().zip(&second[path]).all(|(a, b)| a != b), "{path}");
        }
    }
}

#[test]
fn a_weight_does_not_depend_on_the_number_of_layers() {
    for (small, large) in stacks(&config(), 2).iter().zip(stacks(&config(), 5)) {
        for (path, values) in small {
            assert_eq!(*values, large[path], "{path}");
        }
    }
}

#[test]
fn groups_of_shared_layers_have_different_weights() {
    let encoder = matrices(config().init_shared_encoder(6, 2, &Device::flex()));
    assert_eq!(encoder.len(), 2 * (4 + 3));
    for (path, values) in &encoder {
        if let Some(part) = path.strip_prefix("layers.0.") {
            assert_ne!(*values, encoder[&format!("layers.1.{part}")], "{part}");
        }
    }
}
