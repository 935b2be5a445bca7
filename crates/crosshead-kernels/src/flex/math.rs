//! Vectorizable elementary functions and reductions over slices.
