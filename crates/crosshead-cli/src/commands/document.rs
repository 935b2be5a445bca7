//! Documents for `crosshead translate`.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use anyhow::{Context, bail};
use crosshead::documents::{
    Document, Fields, Format, Split, Translate, TranslateOptions, Translation,
};
use crosshead::tasks::TaskError;
use crosshead::{StopReason, Written};

use super::alignment;
use super::lines::known;
use super::splitter::Splitter;
use crate::args::Files;
use crate::output;
use crate::progress::Progress;

/// Translates the document `input`, where `-` is standard input, and writes it to the output.
pub(super) fn translate(
    splitter: &Splitter<'_>,
    files: &Files,
    input: &Path,
) -> anyhow::Result<()> {
    let format = format(files, input)?;
    if files.out.is_none() && format == Format::Docx && io::stdout().is_terminal() {
        bail!("name a file for the document with --out");
    }
    let name = || input.display().to_string();
    let document = Document::parse(read(input).with_context(name)?, &format).with_context(name)?;
    let options = TranslateOptions::new(splitter.language).with_split(Split::from(splitter.split));
    let mut sentences = Sentences { splitter, truncated: 0, looping: 0, far: 0, all: 0 };
    let mut progress = None;
    let translated = document.translate(&options, &mut sentences, &mut |done, total| {
        let progress = progress.get_or_insert_with(|| Progress::new(total as u64));
        progress.update(done as u64, "sentences");
    })?;
    if let Some(progress) = progress {
        progress.finish();
    }
    if sentences.truncated > 0 {
        let count = sentences.truncated;
        output::message(format_args!(
            "warning: {count} sentences were truncated: they have a word that is too long for the model"
        ));
    }
    if sentences.looping > 0 {
        let count = sentences.looping;
        output::message(format_args!(
            "warning: the translations of {count} sentences are cut: they repeated the same words again and again"
        ));
    }
    if let (Some(domain), 1..) = (splitter.writer.domain(), sentences.far) {
        output::message(format_args!(
            "warning: {} of {} sentences are far from what the model knows{}; choose another model with --model",
            sentences.far,
            sentences.all,
            known(domain)
        ));
    }
    match &files.out {
        Some(out) => {
            Ok(document.save(&translated, out).with_context(|| out.display().to_string())?)
        }
        None => output::bytes(&document.write(&translated)?),
    }
}

fn read(input: &Path) -> io::Result<Vec<u8>> {
    if input != Path::new("-") {
        return fs::read(input);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn format(files: &Files, input: &Path) -> anyhow::Result<Format> {
    let fields = Fields::new(&files.fields);
    let columns: Vec<_> = files.columns.iter().map(|&column| usize::from(column)).collect();
    let found = match &files.format {
        Some(name) => Format::from_name(name, fields, columns),
        None => Format::from_path(input, fields, columns),
    };
    let Some(format) = found else {
        let names = Format::NAMES.join(", ");
        bail!("{}: unknown extension, give --format, one of {names}", input.display());
    };
    let (takes_fields, takes_columns) = match &format {
        Format::Json(_) | Format::JsonLines(_) => (true, false),
        Format::Tsv(_) => (false, true),
        Format::Text
        | Format::Markdown
        | Format::Html
        | Format::Srt
        | Format::Vtt
        | Format::Po
        | Format::Docx => (false, false),
    };
    if !takes_fields && !files.fields.is_empty() {
        bail!("--fields is for JSON and JSON Lines; {} is another format", input.display());
    }
    if !takes_columns && !files.columns.is_empty() {
        bail!("--columns is for TSV; {} is another format", input.display());
    }
    if takes_fields && files.fields.is_empty() {
        bail!(
            "{}: name the fields to translate with --fields, as in --fields title,items.text",
            input.display()
        );
    }
    if takes_columns && files.columns.is_empty() {
        bail!(
            "{}: give the columns to translate with --columns, as in --columns 2",
            input.display()
        );
    }
    Ok(format)
}

/// The model as a translator of sentences.
struct Sentences<'a> {
    splitter: &'a Splitter<'a>,
    truncated: usize,
    looping: usize,
    /// The number of sentences that are far from what the model knows, and of all.
    far: usize,
    all: usize,
}

impl Translate for Sentences<'_> {
    type Error = TaskError;

    fn translate(&mut self, sentences: &[String]) -> Result<Vec<Translation>, TaskError> {
        let written = self.splitter.translate(sentences)?;
        self.truncated += written.iter().filter(|written| written.truncated).count();
        let loops = |stop| stop == Some(StopReason::Loop);
        self.looping += written.iter().filter(|written| loops(written.stop)).count();
        self.all += sentences.len();
        for (sentence, written) in sentences.iter().zip(&written) {
            self.far += usize::from(self.splitter.writer.is_far(sentence, written)?);
        }
        let translation = |written: Written| {
            let links = written.alignment.as_ref().map(alignment::links).unwrap_or_default();
            Translation::new(written.text).with_links(links)
        };
        Ok(written.into_iter().map(translation).collect())
    }

    fn fits(&self, sentence: &str) -> bool {
        self.splitter.writer.fits(sentence).unwrap_or(true)
    }
}
