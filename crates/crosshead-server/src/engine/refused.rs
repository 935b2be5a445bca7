//! Why a request is not accepted.

/// Why a request is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The queue is full now.
    Full,
    /// The request is larger than the queue.
    TooLarge,
    /// The model is being unloaded.
    Closed,
}
