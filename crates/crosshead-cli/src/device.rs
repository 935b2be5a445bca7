//! The compute device.

use anyhow::{Context, bail};
use burn::tensor::Device;

use crate::args::DeviceName;

/// Opens a device, if the build includes it.
pub(crate) fn open(name: DeviceName) -> anyhow::Result<Device> {
    match name {
        #[cfg(feature = "flex")]
        DeviceName::Flex => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        #[allow(
            deprecated,
            reason = "burn deprecates ndarray in favor of flex; it remains available as an opt-in"
        )]
        DeviceName::Ndarray => Ok(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        DeviceName::Wgpu => Device::wgpu_options().init().context("no usable GPU found"),
        #[allow(unreachable_patterns, reason = "with all features every device has an arm")]
        other => {
            let feature = other.name();
            bail!("this build does not include device {feature}; build with `--features {feature}`")
        }
    }
}

/// Limits the threads of the CPU backends.
pub(crate) fn set_threads(threads: Option<usize>) -> anyhow::Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    if threads == 0 {
        bail!("--threads must be at least 1");
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("cannot start the thread pool")
}
