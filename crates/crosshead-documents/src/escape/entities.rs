//! Character references, such as `&amp;`.

use std::borrow::Cow;

use quick_xml::escape::{resolve_html5_entity, resolve_xml_entity};

/// The longest name of an HTML entity, with room.
const LONGEST: usize = 40;

/// Which names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entities {
    /// The five of XML.
    Xml,
    /// Those of HTML.
    Html,
}

/// Resolves character references. What is not one stays as it is.
pub(crate) fn unescape(text: &str, entities: Entities) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, resolve(&rest[1..end], entities)?))) {
            Some((end, resolved)) => {
                out.push_str(&resolved);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn resolve(name: &str, entities: Entities) -> Option<Cow<'static, str>> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        let character = char::from_u32(code).filter(|character| *character != '\0')?;
        return Some(Cow::Owned(character.to_string()));
    }
    let resolved = match entities {
        Entities::Xml => resolve_xml_entity(name)?,
        Entities::Html => resolve_html5_entity(name)?,
    };
    Some(Cow::Borrowed(resolved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_other_ampersands_stay() {
        let text = "a &amp; b &eacute; &#65;&#x42; & &nope; &;&é;";
        assert_eq!(unescape(text, Entities::Html), "a & b é AB & &nope; &;&é;");
        assert_eq!(unescape("&eacute;&lt;", Entities::Xml), "&eacute;<");
    }
}
