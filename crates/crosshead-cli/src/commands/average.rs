//! `crosshead average`.

use crosshead::average;

use crate::args::Average;
use crate::models::locate;

pub(crate) fn run(args: &Average) -> anyhow::Result<()> {
    let models = args.models.iter().map(|name| locate(name)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(average(&models, &args.out)?)
}
