//! Similarity functions.

/// A similarity function of two vectors: larger values mean more similar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Similarity {
    /// Cosine similarity.
    #[default]
    Cosine,
    /// Dot product.
    Dot,
    /// Negative Euclidean distance.
    Euclidean,
    /// Negative Manhattan distance.
    Manhattan,
}

impl Similarity {
    /// All similarity functions.
    pub const ALL: [Self; 4] = [Self::Cosine, Self::Dot, Self::Euclidean, Self::Manhattan];

    /// Its name in sentence-transformers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
            Self::Euclidean => "euclidean",
            Self::Manhattan => "manhattan",
        }
    }

    /// The function with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|similarity| similarity.name() == name)
    }

    /// The similarity of two vectors.
    ///
    /// # Panics
    /// If the vectors have different lengths.
    pub fn of(self, a: &[f32], b: &[f32]) -> f32 {
        match self {
            Self::Cosine => cosine(a, b),
            Self::Dot => sum(a, b, |x, y| x * y) as f32,
            Self::Euclidean => -sum(a, b, |x, y| (x - y) * (x - y)).sqrt() as f32,
            Self::Manhattan => -sum(a, b, |x, y| (x - y).abs()) as f32,
        }
    }
}

/// The cosine similarity of two vectors: 1 for the same direction, 0 for orthogonal vectors; 0 if one of them is zero.
///
/// # Panics
/// If the vectors have different lengths.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| sum(a, b, |x, y| x * y);
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms == 0.0 { 0.0 } else { (dot(a, b) / norms) as f32 }
}

/// The sum of `term` over the features of two vectors.
fn sum(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    assert!(a.len() == b.len(), "vectors of different lengths: {} and {}", a.len(), b.len());
    a.iter().zip(b).map(|(&x, &y)| term(f64::from(x), f64::from(y))).sum()
}
