//! The embedded data that recipes refer to as `embedded:NAME`.

use crosshead::recipes::Assets;
use crosshead_assets::data;

/// The data embedded in the binary.
pub(crate) struct Embedded;

impl Assets for Embedded {
    fn find(&self, name: &str) -> Option<&[u8]> {
        data::find(name)
    }
}
