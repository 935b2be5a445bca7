//! Fused scaled dot-product attention.
