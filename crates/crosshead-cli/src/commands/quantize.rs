//! `crosshead quantize`, and the compute type for other commands.

use std::path::Path;

use burn::tensor::Device;
use crosshead::kernels::computes_int8;
use crosshead::{ComputeType, is_quantized, quantize};

use crate::args::{Compute, Precision, Quantize};
use crate::{device, models, output};

pub(crate) fn run(args: &Quantize, compute: &Compute) -> anyhow::Result<()> {
    Ok(quantize(models::locate(&args.model)?, &args.out, &device::open(compute.device)?)?)
}

/// The compute type given on the command line. Prints a note if the device computes int8 weights in f32.
pub(super) fn compute_type(
    model: &Path,
    precision: &Precision,
    device: &Device,
) -> anyhow::Result<ComputeType> {
    let compute_type = precision.compute_type.into();
    let asked = match compute_type {
        ComputeType::Int8 => true,
        ComputeType::F32 => false,
        ComputeType::Auto => !computes_int8(device) && is_quantized(model)?,
    };
    if asked && !computes_int8(device) {
        output::message(
            "note: this device computes int8 weights in f32; only --device flex computes in int8",
        );
    }
    Ok(compute_type)
}
