//! Transformer models, their weights by path, and Hugging Face model directories
