//! Invariance checks for attention, blocks and models, and the reader of PyTorch fixtures
