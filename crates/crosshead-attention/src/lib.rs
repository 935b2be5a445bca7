//! Multi-head attention with one mask type and a preallocated key/value cache
