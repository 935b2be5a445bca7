//! A serde deserializer for JSON objects that is as lenient as `transformers` and names the key in errors.
//!
//! `null` means a missing key, so the default applies. A number without a fraction is an integer, even if it is written
//! as `12.0`.

use std::fmt::{self, Display};

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// The maximum length of a value in a message.
const MAX_SHOWN: usize = 60;

/// An invalid key, which may be nested.
#[derive(Debug)]
pub(super) struct KeyError {
    /// The key and its parents, the innermost first.
    path: Vec<String>,
    reason: String,
}

impl KeyError {
    /// The path of the key, such as `rope_scaling.factor`.
    pub(super) fn key(&self) -> String {
        self.path.iter().rev().map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// What is wrong with it.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    fn within(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }

    fn of(path: &str, reason: String) -> Self {
        Self { path: vec![path.to_owned()], reason }
    }
}

impl Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key(), self.reason)
    }
}

impl std::error::Error for KeyError {}

impl Error for KeyError {
    fn custom<T: Display>(message: T) -> Self {
        Self { path: Vec::new(), reason: message.to_string() }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::custom(format_args!("expected {}", plain(&expected.to_string())))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::invalid_type(Unexpected::Unit, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(field, "is missing".to_owned())
    }
}

/// The name of a Rust type in messages.
fn plain(expected: &str) -> &str {
    match expected {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a non-negative integer",
        "isize" | "i64" | "i32" | "i16" | "i8" => "an integer",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    }
}

/// Reads the fields of `T` from an object. Other keys are ignored.
pub(super) fn from_object<T: DeserializeOwned>(object: &Map<String, Value>) -> Result<T, KeyError> {
    T::deserialize(Keys(object)).map_err(|error| {
        // A key that is `null` is not missing.
        match error.path.as_slice() {
            [key] if object.get(key).is_some_and(Value::is_null) => {
                KeyError::of(key, "expected a value, found `null`".to_owned())
            }
            _ => error,
        }
    })
}

/// An object.
#[derive(Clone, Copy)]
struct Keys<'a>(&'a Map<String, Value>);

impl<'de> Deserializer<'de> for Keys<'de> {
    type Error = KeyError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        visitor.visit_map(Entries { rest: self.0.iter(), value: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The entries of an object that are not `null`.
struct Entries<'de> {
    rest: serde_json::map::Iter<'de>,
    value: Option<(&'de String, &'de Value)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = KeyError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, KeyError> {
        self.value = self.rest.find(|(_, value)| !value.is_null());
        let key = |(key, _): (&'de String, _)| {
            let key: StrDeserializer<'_, KeyError> = key.as_str().into_deserializer();
            seed.deserialize(key)
        };
        self.value.map(key).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, KeyError> {
        let (key, value) = self.value.take().expect("serde reads a key before its value");
        seed.deserialize(Json(value)).map_err(|error| error.within(key))
    }
}

/// Elements of a list.
struct Elements<'de>(std::iter::Enumerate<std::slice::Iter<'de, Value>>);

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = KeyError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, KeyError> {
        let element = |(index, value): (usize, _)| {
            seed.deserialize(Json(value)).map_err(|error| error.within(&index.to_string()))
        };
        self.0.next().map(element).transpose()
    }
}

/// A value.
struct Json<'de>(&'de Value);

impl<'de> Json<'de> {
    /// Passes the value to a visitor. Errors show the value.
    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        let found = match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (None, Some(value), _) => visitor.visit_i64(value),
                (None, None, Some(value)) => visitor.visit_f64(value),
                (None, None, None) => Err(KeyError::custom("expected a 64-bit number")),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(list) => visitor.visit_seq(Elements(list.iter().enumerate())),
            Value::Object(object) => Keys(object).deserialize_any(visitor),
        };
        // Errors about nested keys already show their value.
        found.map_err(|error| if error.path.is_empty() { self.shown(error) } else { error })
    }

    /// Adds the value to an error.
    fn shown(&self, error: KeyError) -> KeyError {
        let mut value = self.0.to_string();
        if value.chars().count() > MAX_SHOWN {
            value = value.chars().take(MAX_SHOWN).chain(['…']).collect();
        }
        KeyError { reason: format!("{}, found `{value}`", error.reason), ..error }
    }

    /// The value as an integer, if it is written as a float without a fraction.
    fn integer(&self) -> Option<i64> {
        let value = self.0.as_f64().filter(|value| value.fract() == 0.0)?;
        let is_exact = self.0.is_f64() && value.abs() <= (1_u64 << f64::MANTISSA_DIGITS) as f64;
        is_exact.then_some(value as i64)
    }

    fn visit_integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        match self.integer() {
            Some(value) => {
                let found = match u64::try_from(value) {
                    Ok(value) => visitor.visit_u64(value),
                    Err(_) => visitor.visit_i64(value),
                };
                found.map_err(|error| self.shown(error))
            }
            None => self.visit(visitor),
        }
    }
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
            self.visit_integer(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = KeyError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        self.visit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, KeyError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, KeyError> {
        let found = self.0.deserialize_enum(name, variants, visitor);
        found.map_err(|error| self.shown(KeyError::custom(error)))
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests;
