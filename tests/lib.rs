//! Code shared by the tests: the device under test and the paths of fixtures.

use std::path::PathBuf;

use burn::tensor::Device;

/// The device named by `CROSSHEAD_DEVICE`; `flex` by default.
///
/// # Panics
/// If the device is unknown, not compiled or not available.
pub fn device() -> Device {
    let name = std::env::var("CROSSHEAD_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    match name.as_str() {
        #[cfg(feature = "flex")]
        "flex" => Device::flex(),
        #[cfg(feature = "ndarray")]
        #[allow(
            deprecated,
            reason = "burn deprecates ndarray in favor of flex; it remains available as an opt-in"
        )]
        "ndarray" => Device::ndarray(),
        #[cfg(feature = "wgpu")]
        "wgpu" => wgpu(),
        other => panic!(
            "device {other} is not compiled in; test with `cargo xtask test --device {other}`"
        ),
    }
}

/// The GPU. It is initialized once per process, because wgpu cannot be initialized again.
#[cfg(feature = "wgpu")]
fn wgpu() -> Device {
    static DEVICE: std::sync::LazyLock<Device> = std::sync::LazyLock::new(|| {
        Device::wgpu_options().init().unwrap_or_else(|error| panic!("no usable GPU: {error}"))
    });
    DEVICE.clone()
}

/// The path of a file or folder in `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Compiles the Rust blocks of the documentation.
#[cfg(doctest)]
mod documents {
    macro_rules! documents {
        ($($name:ident = $path:literal),+ $(,)?) => {
            $(#[doc = include_str!(concat!("../", $path))] struct $name;)+
        };
    }
    documents! {
        Readme = "README.md",
        Adapt = "docs/adapt.md",
        Architecture = "docs/architecture.md",
        Attention = "docs/attention.md",
        Backends = "docs/backends.md",
        Notation = "docs/notation.md",
        OneCrate = "docs/one-crate.md",
        Performance = "docs/performance.md",
        Pretrained = "docs/pretrained.md",
        Recipes = "docs/recipes.md",
        Results = "docs/results.md",
    }
}
