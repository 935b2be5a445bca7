//! The constants of the Newton–Schulz iteration.

/// The coefficients a, b, c of the iteration X ← a·X + (b·G + c·G²)·X with G = X·Xᵀ (Jordan 2024,
/// <https://kellerjordan.github.io/posts/muon/>).
pub(crate) const COEFFICIENTS: [f32; 3] = [3.4445, -4.775, 2.0315];

/// The number of steps.
pub(crate) const STEPS: usize = 5;

/// The smallest norm by which a matrix is divided.
pub(crate) const MIN_NORM: f64 = 1e-7;
