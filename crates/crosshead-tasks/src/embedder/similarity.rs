//! How vectors are compared.

/// How alike two vectors are: the larger, the more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Similarity {
    /// The cosine of the angle between them.
    #[default]
    Cosine,
    /// Their scalar product.
    Dot,
    /// Their distance, negative.
    Euclidean,
    /// The sum of the distances of their features, negative.
    Manhattan,
}

impl Similarity {
    /// All of them.
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

    /// The one of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|similarity| similarity.name() == name)
    }

    /// How alike two vectors are.
    ///
    /// # Panics
    /// If they do not have the same number of features.
    pub fn of(self, a: &[f32], b: &[f32]) -> f32 {
        match self {
            Self::Cosine => cosine(a, b),
            Self::Dot => sum(a, b, |x, y| x * y) as f32,
            Self::Euclidean => -sum(a, b, |x, y| (x - y) * (x - y)).sqrt() as f32,
            Self::Manhattan => -sum(a, b, |x, y| (x - y).abs()) as f32,
        }
    }
}

/// The cosine of the angle between two vectors: 1 for the same direction, 0 for none in common.
///
/// # Panics
/// If they do not have the same number of features.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| sum(a, b, |x, y| x * y);
    let norms = (product(a, a) * product(b, b)).sqrt();
    if norms == 0.0 { 0.0 } else { (product(a, b) / norms) as f32 }
}

/// The sum of what `term` makes of each feature of two vectors.
fn sum(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    assert!(a.len() == b.len(), "vectors of {} and {} features", a.len(), b.len());
    a.iter().zip(b).map(|(&x, &y)| term(f64::from(x), f64::from(y))).sum()
}
