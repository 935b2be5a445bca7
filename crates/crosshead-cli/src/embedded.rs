//! The embedded data, as recipes name it after `embedded:`.

use crosshead::recipes::Assets;
use crosshead_assets::data;

/// The data that the binary carries.
pub(crate) struct Embedded;

impl Assets for Embedded {
    fn find(&self, name: &str) -> Option<&[u8]> {
        data::find(name)
    }
}
