//! Positional encodings: fixed sinusoids and learned tables
