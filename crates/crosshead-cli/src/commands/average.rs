//! `crosshead average`.

use crosshead::average;

use crate::args::Average;

pub(crate) fn run(args: &Average) -> anyhow::Result<()> {
    Ok(average(&args.models, &args.out)?)
}
