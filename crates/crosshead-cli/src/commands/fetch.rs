//! `crosshead fetch`.

use crate::args::Fetch;
use crate::{models, output};

pub(crate) fn run(args: &Fetch) -> anyhow::Result<()> {
    output::line(models::fetch(&args.id, &args.revision)?.display())
}
