//! What requests ask of a model, and what they get.

use crosshead_tasks::{
    ChatMessage, Classified, DecodeOptions, Embedding, Filled, Generated, Purpose, Required,
    Tagged, TextPair, Written,
};

/// The work on each row of a request. Rows with equal work are computed together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// Translation or summarization.
    Write(WriteOptions),
    /// Continuing prompts.
    Generate(DecodeOptions),
    /// Answering conversations.
    Chat(DecodeOptions),
    /// Classifying texts.
    Classify,
    /// Classifying pairs of texts.
    ClassifyPairs,
    /// Filling masks with this number of guesses.
    FillMask { top: usize },
    /// Embedding.
    Embed(Purpose),
    /// Finding entities.
    Tag,
}

/// The options of an encoder-decoder.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WriteOptions {
    pub(crate) decode: DecodeOptions,
    /// The languages, in the codes of the model.
    pub(crate) source: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) alignment: bool,
}

/// A row of a request.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) input: Input,
    /// The index of the text for sampling.
    pub(crate) sequence: usize,
    /// The number of tokens that it may write.
    pub(crate) output: usize,
}

/// The input of a row.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A text, with what its output must contain.
    Text { text: String, required: Vec<Required> },
    /// Two texts.
    Pair(TextPair),
    /// A conversation.
    Chat(Vec<ChatMessage>),
}

impl Row {
    /// The row of a text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            input: Input::Text { text: text.into(), required: Vec::new() },
            sequence: 0,
            output: 0,
        }
    }

    /// The text of a row; empty for another input.
    pub(crate) fn as_text(&self) -> &str {
        match &self.input {
            Input::Text { text, .. } => text,
            Input::Pair(_) | Input::Chat(_) => "",
        }
    }

    /// An estimate of its tokens: those of the input, from its bytes, and those of the output.
    pub(crate) fn tokens(&self) -> usize {
        let bytes = match &self.input {
            Input::Text { text, .. } => text.len(),
            Input::Pair(pair) => pair.first.len() + pair.second.len(),
            Input::Chat(messages) => {
                messages.iter().map(|message| message.role.len() + message.content.len() + 8).sum()
            }
        };
        estimate(bytes) + self.output
    }
}

/// The tokens in a number of bytes: a token of a Latin script has four bytes, of others three or less.
pub(crate) fn estimate(bytes: usize) -> usize {
    bytes / 3 + 2
}

/// The output for a row.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    Written(Box<WrittenRow>),
    Generated(Box<GeneratedRow>),
    Classified(ClassifiedRow),
    Filled(Filled),
    Embedded(Embedding),
    Tagged(Tagged),
}

/// What an encoder-decoder wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenRow {
    pub(crate) written: Written,
    /// Whether the text is far from what the model knows.
    pub(crate) is_far: bool,
}

/// The classes of a text.
#[derive(Clone, Debug)]
pub(crate) struct ClassifiedRow {
    pub(crate) classified: Classified,
    /// Whether the text is far from what the model knows.
    pub(crate) is_far: bool,
}

/// What a causal language model wrote, with its tokens.
#[derive(Clone, Debug)]
pub(crate) struct GeneratedRow {
    pub(crate) generated: Generated,
    pub(crate) tokens: Vec<Token>,
}

/// A generated token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    /// The text that became final with it.
    pub(crate) text: String,
    pub(crate) log_prob: f32,
    /// The most probable tokens at its position, best first.
    pub(crate) alternatives: Vec<(String, f32)>,
}
