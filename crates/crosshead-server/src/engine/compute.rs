//! Computing a batch.

use std::cell::RefCell;

use crosshead_tasks::{
    Aggregation, Flow, Generator, Step, TaskError, TextHooks, TextPair, Tokenizer,
};

use super::job::Event;
use super::loaded::{Kind, Loaded};
use super::queue::BatchRow;
use super::work::{
    ClassifiedRow, GeneratedRow, Input, Output, Token, Work, WriteOptions, WrittenRow,
};
use crate::reply::ApiError;

/// Computes the outputs of rows.
///
/// # Errors
/// If the task of the model is another one, or fails.
pub(super) fn compute(
    loaded: &mut Loaded,
    work: &Work,
    rows: &[BatchRow],
) -> Result<Vec<Output>, ApiError> {
    let texts: Vec<&str> = rows.iter().map(|row| row.waiting.row.as_text()).collect();
    if let Work::Write(options) = work {
        return write(loaded, options, rows, &texts);
    }
    match (&loaded.kind, work) {
        (Kind::Generator(generator), Work::Generate(options) | Work::Chat(options)) => {
            Ok(generate(generator, options, rows, &texts)?)
        }
        (Kind::Classifier(classifier), Work::Classify) => {
            let found = classifier.classify(&texts)?;
            let row = |(classified, text): (_, &&str)| {
                let is_far = classifier.is_far(text, &classified)?;
                Ok(Output::Classified(ClassifiedRow { classified, is_far }))
            };
            found.into_iter().zip(&texts).map(row).collect()
        }
        (Kind::Classifier(classifier), Work::ClassifyPairs) => {
            let pair = |row: &BatchRow| match &row.waiting.row.input {
                Input::Pair(pair) => pair.clone(),
                Input::Text { .. } | Input::Chat(_) => {
                    TextPair { first: row.waiting.row.as_text().to_owned(), second: String::new() }
                }
            };
            let pairs: Vec<TextPair> = rows.iter().map(pair).collect();
            let found = classifier.classify_pairs_with(&pairs, |_| {})?.into_iter();
            Ok(found
                .map(|classified| Output::Classified(ClassifiedRow { classified, is_far: false }))
                .collect())
        }
        (Kind::FillMask(fill_mask), Work::FillMask { top }) => {
            Ok(fill_mask.fill(&texts, *top)?.into_iter().map(Output::Filled).collect())
        }
        (Kind::Embedder(embedder), Work::Embed(purpose)) => {
            let found = embedder.embed_with(&texts, *purpose, Default::default(), |_| {})?;
            Ok(found.into_iter().map(Output::Embedded).collect())
        }
        (Kind::Tagger(tagger), Work::Tag) => {
            Ok(tagger.tag(&texts, Aggregation::Simple)?.into_iter().map(Output::Tagged).collect())
        }
        _ => Err(ApiError::internal("the model has another task")),
    }
}

/// The rows whose clients have left stop.
fn left(rows: &[BatchRow]) -> Flow {
    let left: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].listener.has_left()).collect();
    match left.len() {
        0 => Flow::Continue,
        all if all == rows.len() => Flow::StopAll,
        _ => Flow::Stop(left),
    }
}

fn write(
    loaded: &mut Loaded,
    options: &WriteOptions,
    rows: &[BatchRow],
    texts: &[&str],
) -> Result<Vec<Output>, ApiError> {
    let Some(writer) = loaded.writer(options)? else {
        return Err(ApiError::internal("the model has another task"));
    };
    let required: Vec<_> = rows
        .iter()
        .map(|row| match &row.waiting.row.input {
            Input::Text { required, .. } => required.clone(),
            Input::Pair(_) | Input::Chat(_) => Vec::new(),
        })
        .collect();
    let sequences: Vec<usize> = rows.iter().map(|row| row.waiting.row.sequence).collect();
    let mut observer = |_: &Step<'_>| left(rows);
    let hooks = TextHooks::none()
        .with_required(&required)
        .with_sequences(&sequences)
        .with_observer(&mut observer);
    let written = writer.write(texts, hooks)?.into_iter();
    written
        .zip(texts)
        .map(|(written, text)| {
            let is_far = writer.is_far(text, &written)?;
            Ok(Output::Written(Box::new(WrittenRow { written, is_far })))
        })
        .collect()
}

/// The tokens of a row, as far as they are there.
#[derive(Default)]
struct Tokens {
    /// Text that became final but belongs to no token yet.
    pending: String,
    tokens: Vec<Token>,
    last: Option<u32>,
}

fn generate(
    generator: &Generator,
    options: &crosshead_tasks::DecodeOptions,
    rows: &[BatchRow],
    texts: &[&str],
) -> Result<Vec<Output>, TaskError> {
    let sequences: Vec<usize> = rows.iter().map(|row| row.waiting.row.sequence).collect();
    let all: RefCell<Vec<Tokens>> =
        RefCell::new((0..rows.len()).map(|_| Tokens::default()).collect());
    let tokenizer = generator.tokenizer();
    let mut on_text = |row: usize, piece: &str| {
        all.borrow_mut()[row].pending += piece;
        Flow::Continue
    };
    let mut observer = |step: &Step<'_>| {
        let mut all = all.borrow_mut();
        for (at, chosen) in step.tokens.iter().enumerate() {
            let row = &mut all[chosen.sequence];
            let spelled = |id| spelled(tokenizer, row.last, id);
            let others = step.alternatives.get(at).map(|found| &found[..]).unwrap_or_default();
            let alternatives =
                others.iter().map(|other| (spelled(other.token), other.log_prob)).collect();
            let text = std::mem::take(&mut row.pending);
            let token = Token { text, log_prob: chosen.log_prob, alternatives };
            let BatchRow { waiting, listener } = &rows[chosen.sequence];
            if listener.streams {
                listener.send(Event::Token(waiting.index, token.clone()));
            }
            row.tokens.push(token);
            row.last = Some(chosen.token);
        }
        left(rows)
    };
    let hooks = TextHooks::none()
        .with_sequences(&sequences)
        .with_on_text(&mut on_text)
        .with_observer(&mut observer);
    let conversations: Vec<_> = rows
        .iter()
        .filter_map(|row| match &row.waiting.row.input {
            Input::Chat(messages) => Some(messages.clone()),
            Input::Text { .. } | Input::Pair(_) => None,
        })
        .collect();
    let generated = match conversations.len() {
        0 => generator.generate_with(texts, options, hooks)?,
        _ => generator.chat_with(&conversations, options, hooks)?,
    };
    let row = |(index, (generated, row)): (usize, (_, Tokens))| {
        let Tokens { pending, mut tokens, .. } = row;
        // Bytes that are not a character have no text before the end; beams have none at all.
        if !pending.is_empty() {
            let token = Token { text: pending, log_prob: 0.0, alternatives: Vec::new() };
            let BatchRow { waiting, listener } = &rows[index];
            if listener.streams {
                listener.send(Event::Token(waiting.index, token.clone()));
            }
            tokens.push(token);
        }
        Output::Generated(Box::new(GeneratedRow { generated, tokens }))
    };
    Ok(generated.into_iter().zip(all.into_inner()).enumerate().map(row).collect())
}

/// The text of a token after another one.
fn spelled(tokenizer: &Tokenizer, before: Option<u32>, id: u32) -> String {
    let mut stream = tokenizer.text_stream();
    let text = before.map_or(Ok(String::new()), |before| stream.push(before));
    let text = text.and_then(|_| {
        let piece = stream.push(id)?;
        Ok(piece + &stream.finish()?)
    });
    match text {
        Ok(text) if !text.is_empty() => text,
        // A special token has no text.
        Ok(_) | Err(_) => tokenizer.id_to_token(id).unwrap_or_default(),
    }
}
