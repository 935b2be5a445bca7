//! crosshead
fn main() {}
