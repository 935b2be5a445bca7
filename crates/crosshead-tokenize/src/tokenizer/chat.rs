//! Chat templates, which render a conversation as the prompt of a causal language model.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State};
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::json::PythonStyle;
use crate::{SpecialRole, TokenizeError, Tokenizer};

/// The instruction limit for a template, which stops endless loops. Real templates stay far below it.
const FUEL: u64 = 10_000_000;
/// The name of the default template.
const DEFAULT: &str = "default";
/// The name of the default template for conversations with tools.
const TOOL_USE: &str = "tool_use";

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// The role of the author, usually `system`, `user` or `assistant`.
    pub role: String,
    /// The text.
    pub content: String,
}

impl ChatMessage {
    /// A message with this role and content.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into() }
    }
}

/// Options for rendering a conversation.
#[derive(Clone, Debug, Default)]
pub struct ChatOptions {
    /// Whether to append the start of the assistant's next message.
    pub add_generation_prompt: bool,
    /// JSON schemas of the functions that the model may call.
    pub tools: Vec<serde_json::Value>,
    /// The name of the template, for tokenizers with several.
    pub template: Option<String>,
    /// Additional variables for the template.
    pub variables: Map<String, serde_json::Value>,
}

/// The templates of a tokenizer, by name.
#[derive(Debug)]
pub(crate) struct ChatTemplates(BTreeMap<String, String>);

/// `chat_template` in `tokenizer_config.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ChatTemplateField {
    One(String),
    Named(Vec<NamedTemplate>),
    ByName(BTreeMap<String, String>),
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NamedTemplate {
    name: String,
    template: String,
}

impl From<ChatTemplateField> for ChatTemplates {
    fn from(field: ChatTemplateField) -> Self {
        Self(match field {
            ChatTemplateField::One(template) => [(DEFAULT.to_owned(), template)].into(),
            ChatTemplateField::Named(named) => {
                named.into_iter().map(|NamedTemplate { name, template }| (name, template)).collect()
            }
            ChatTemplateField::ByName(templates) => templates,
        })
    }
}

impl ChatTemplates {
    /// The value of `chat_template` in `tokenizer_config.json`.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self.0.get(DEFAULT) {
            Some(template) if self.0.len() == 1 => json!(template),
            _ => self
                .0
                .iter()
                .map(|(name, template)| json!({ "name": name, "template": template }))
                .collect(),
        }
    }

    fn choose(&self, options: &ChatOptions) -> Result<&str, TokenizeError> {
        let name = options.template.as_deref().unwrap_or(
            if !options.tools.is_empty() && self.0.contains_key(TOOL_USE) {
                TOOL_USE
            } else {
                DEFAULT
            },
        );
        self.0.get(name).map(String::as_str).ok_or_else(|| TokenizeError::NoChatTemplate {
            name: name.to_owned(),
            present: self.0.keys().cloned().collect(),
        })
    }
}

impl Tokenizer {
    /// Whether the tokenizer has a chat template.
    pub fn has_chat_template(&self) -> bool {
        self.chat_templates.is_some()
    }

    /// Renders a conversation with the template of the model directory (`chat_template` in `tokenizer_config.json`, or
    /// `chat_template.jinja`), like `apply_chat_template` of Hugging Face `transformers`.
    ///
    /// A message is a [`ChatMessage`], or any value with the fields that the template uses. The template writes the special
    /// tokens itself, so encode the result with [`encode`](Self::encode).
    ///
    /// # Errors
    /// If there is no such template, or it is malformed or rejects the conversation.
    pub fn apply_chat_template(
        &self,
        messages: &[impl Serialize],
        options: &ChatOptions,
    ) -> Result<String, TokenizeError> {
        let empty = ChatTemplates(BTreeMap::new());
        let template = self.chat_templates.as_deref().unwrap_or(&empty).choose(options)?;
        let mut variables = BTreeMap::new();
        for role in SpecialRole::ALL {
            if let Some(token) = self.special.get(role).and_then(|id| self.id_to_token(id)) {
                variables.insert(role.key(), Value::from(token));
            }
        }
        let tools = (!options.tools.is_empty()).then_some(&options.tools);
        variables.insert("messages", Value::from(Serde(messages)));
        variables.insert("tools", Value::from(Serde(tools)));
        variables.insert("add_generation_prompt", options.add_generation_prompt.into());
        for (name, value) in &options.variables {
            variables.insert(name, Value::from(Serde(value)));
        }
        render(template, &variables).map_err(|error| TokenizeError::ChatTemplate(Box::new(error)))
    }
}

fn render(template: &str, variables: &BTreeMap<&str, Value>) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(syntax()?);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(write_as_python);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_filter("tojson", to_json);
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("strftime_now", strftime_now);
    environment.template_from_str(&without_generation_blocks(template))?.render(variables)
}

/// The settings of `transformers`.
fn syntax() -> Result<SyntaxConfig, Error> {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()
}

/// Replaces `{% generation %}` blocks, which mark the assistant's text for training masks, with `{% if true %}`.
fn without_generation_blocks(template: &str) -> String {
    let opening = Regex::new(r"\{%([-+]?)\s*generation\s*([-+]?)%\}").expect("a valid pattern");
    let closing = Regex::new(r"\{%([-+]?)\s*endgeneration\s*([-+]?)%\}").expect("a valid pattern");
    let template = opening.replace_all(template, "{%$1 if true $2%}");
    closing.replace_all(&template, "{%$1 endif $2%}").into_owned()
}

/// Writes a value with Python's spelling of `None`, `True` and `False`.
fn write_as_python(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let python = match value.kind() {
        ValueKind::None => "None",
        ValueKind::Bool if value.is_true() => "True",
        ValueKind::Bool => "False",
        _ => return minijinja::escape_formatter(out, state, value),
    };
    out.write_str(python).map_err(Error::from)
}

/// The filter `tojson` with Python's separators and without HTML escapes.
fn to_json(value: &Value, options: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let _: Option<bool> = options.get("ensure_ascii")?;
    options.assert_all_used()?;
    PythonStyle::write(value, indent)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
}

fn raise_exception(message: String) -> Result<String, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

fn strftime_now(format: &str) -> Result<String, Error> {
    use std::fmt::Write;
    let mut now = String::new();
    write!(now, "{}", chrono::Local::now().format(format)).map_err(|_| {
        Error::new(ErrorKind::InvalidOperation, format!("`{format}` is not a valid time format"))
    })?;
    Ok(now)
}
