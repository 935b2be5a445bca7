//! Texts up to a stop string.

/// Passes on a text as it comes, but neither a stop string nor what follows it.
#[derive(Clone, Debug)]
pub(crate) struct StopText {
    stops: Vec<String>,
    /// What may be the beginning of a stop string.
    held: String,
    is_stopped: bool,
}

impl StopText {
    /// For these stop strings.
    pub(crate) fn new(stops: Vec<String>) -> Self {
        Self { stops, held: String::new(), is_stopped: false }
    }

    /// Takes a piece of the text; returns what may be shown.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        if self.is_stopped {
            return String::new();
        }
        self.held += piece;
        let first = self.stops.iter().filter(|stop| !stop.is_empty());
        if let Some(at) = first.filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.is_stopped = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let begins_stop =
            |at: usize| self.stops.iter().any(|stop| stop.starts_with(&self.held[at..]));
        let mut starts = self.held.char_indices().map(|(at, _)| at);
        let shown = starts.find(|&at| begins_stop(at)).unwrap_or(self.held.len());
        let rest = self.held.split_off(shown);
        std::mem::replace(&mut self.held, rest)
    }

    /// The rest at the end of the text.
    pub(crate) fn finish(&mut self) -> String {
        if self.is_stopped { String::new() } else { std::mem::take(&mut self.held) }
    }

    /// A whole text, up to a stop string.
    pub(crate) fn of(stops: &[String], text: &str) -> String {
        let mut stop = Self::new(stops.to_vec());
        stop.push(text) + &stop.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_before_a_stop_string() {
        let stops = ["END".to_owned(), "\n\n".to_owned()];
        let mut stop = StopText::new(stops.to_vec());
        let shown: Vec<String> =
            ["one E", "N", "X tw", "o\n", "\nthree"].iter().map(|piece| stop.push(piece)).collect();
        assert_eq!(shown, ["one ", "", "ENX tw", "o", ""]);
        assert_eq!(stop.finish(), "");
        assert_eq!(StopText::of(&stops, "a EN"), "a EN");
        assert_eq!(StopText::of(&stops, "a END b"), "a ");
        assert_eq!(StopText::of(&[], "a END b"), "a END b");
    }
}
