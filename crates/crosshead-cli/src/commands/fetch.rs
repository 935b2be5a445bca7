//! `crosshead fetch`.

use crosshead::hub::{FetchProgress, Hub};

use crate::args::Fetch;
use crate::output;
use crate::progress::Progress;

pub(crate) fn run(args: &Fetch) -> anyhow::Result<()> {
    let mut shown: Option<Progress> = None;
    let directory = Hub::from_env()?.fetch(&args.id, &args.revision, |progress| {
        let FetchProgress { file, done, total } = progress;
        shown.get_or_insert_with(|| Progress::of_bytes(total)).update(done, file);
    });
    if let Some(progress) = shown {
        progress.finish();
    }
    output::line(directory?.display())
}
