//! Keys of a JSON object as the fields of a type, as leniently as `transformers` takes them, with errors that name the key.
//!
//! `null` is no value, so that the default holds; a number without a fraction is a whole one, however it is written
//! (`12.0`).

use std::fmt::{self, Display};

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// The longest value that a message shows.
const SHOWN: usize = 60;

/// What is wrong with a key, which may be inside of others.
#[derive(Debug)]
pub(super) struct KeyError {
    /// The key and those around it, the innermost first.
    path: Vec<String>,
    reason: String,
}

impl KeyError {
    /// The key, with those around it before it.
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

/// What Rust's types are called in a message.
fn plain(expected: &str) -> &str {
    match expected {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number from 0 on",
        "isize" | "i64" | "i32" | "i16" | "i8" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    }
}

/// The keys of an object that a type has; the others are left alone.
pub(super) fn from_object<T: DeserializeOwned>(object: &Map<String, Value>) -> Result<T, KeyError> {
    T::deserialize(Keys(object)).map_err(|error| {
        // The value that is no value explains what is missing.
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

/// The entries of an object that have a value.
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
        let (key, value) = self.value.take().expect("a key comes before its value");
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
        let element = |(place, value): (usize, _)| {
            seed.deserialize(Json(value)).map_err(|error| error.within(&place.to_string()))
        };
        self.0.next().map(element).transpose()
    }
}

/// A value.
struct Json<'de>(&'de Value);

impl<'de> Json<'de> {
    /// What a visitor makes of the value; an error tells what the value is.
    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        let found = match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (None, Some(value), _) => visitor.visit_i64(value),
                (None, None, Some(value)) => visitor.visit_f64(value),
                (None, None, None) => Err(KeyError::custom("expected a number of 64 bits")),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(list) => visitor.visit_seq(Elements(list.iter().enumerate())),
            Value::Object(object) => Keys(object).deserialize_any(visitor),
        };
        // An error of a key inside has been told there.
        found.map_err(|error| if error.path.is_empty() { self.told(error) } else { error })
    }

    /// The error with the value that it is about.
    fn told(&self, error: KeyError) -> KeyError {
        let mut shown = self.0.to_string();
        if shown.chars().count() > SHOWN {
            shown = shown.chars().take(SHOWN).chain(['…']).collect();
        }
        KeyError { reason: format!("{}, found `{shown}`", error.reason), ..error }
    }

    /// The value as a whole number, where it is written with a fraction of zero.
    fn whole(&self) -> Option<i64> {
        let value = self.0.as_f64().filter(|value| value.fract() == 0.0)?;
        let is_exact = self.0.is_f64() && value.abs() <= (1_u64 << f64::MANTISSA_DIGITS) as f64;
        is_exact.then_some(value as i64)
    }

    fn visit_whole<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
        match self.whole() {
            Some(value) => {
                let found = match u64::try_from(value) {
                    Ok(value) => visitor.visit_u64(value),
                    Err(_) => visitor.visit_i64(value),
                };
                found.map_err(|error| self.told(error))
            }
            None => self.visit(visitor),
        }
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, KeyError> {
            self.visit_whole(visitor)
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
        found.map_err(|error| self.told(KeyError::custom(error)))
    }

    whole_numbers! {
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
