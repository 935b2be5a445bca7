//! Scalar variables of CTranslate2 models.

/// A scalar variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ct2Scalar {
    /// A flag, an enum value or a size.
    Integer(i64),
    /// A factor.
    Float(f32),
}
