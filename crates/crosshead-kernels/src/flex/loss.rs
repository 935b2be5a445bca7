//! Fused output projection and softmax cross entropy.
