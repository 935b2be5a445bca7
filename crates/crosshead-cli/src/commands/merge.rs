//! `crosshead merge`.

use crosshead::{merge, model_files};

use crate::args::{Compute, Merge};
use crate::device;
use crate::models::locate;

pub(crate) fn run(args: &Merge, compute: &Compute) -> anyhow::Result<()> {
    let model = locate(&args.model)?;
    let files = model_files(&model, args.adapter.as_deref())?;
    let run = args.adapter.as_ref().unwrap_or(&model);
    Ok(merge(&files, Some(run), &args.out, &device::open(compute.device)?)?)
}
