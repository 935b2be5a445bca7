//! `crosshead merge`.

use crosshead::{merge, model_files};

use crate::args::{Compute, Merge};
use crate::device;

pub(crate) fn run(args: &Merge, compute: &Compute) -> anyhow::Result<()> {
    let files = model_files(&args.model, args.adapter.as_deref())?;
    let run = args.adapter.as_ref().unwrap_or(&args.model);
    Ok(merge(&files, Some(run), &args.out, &device::open(compute.device)?)?)
}
