//! The error of a check.

use std::fmt;

/// A property that does not hold, with the position and values that show this.
#[derive(Clone, PartialEq)]
pub struct CheckError {
    context: String,
    finding: Finding,
}

/// How a property is violated.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Two tensors have different shapes.
    Shape {
        /// The actual shape.
        actual: Vec<usize>,
        /// The expected shape.
        expected: Vec<usize>,
    },
    /// Two tensors differ by more than the tolerance.
    Value {
        /// The index of the worst element.
        index: Vec<usize>,
        /// Its actual value.
        actual: f32,
        /// Its expected value.
        expected: f32,
        /// The number of elements that differ by more than the tolerance.
        count: usize,
        /// The number of elements compared.
        compared: usize,
    },
    /// An element is infinite or NaN.
    NotFinite {
        /// The index of the first such element.
        index: Vec<usize>,
        /// Its value.
        value: f32,
    },
    /// A directional derivative differs from the difference quotient.
    Derivative {
        /// The derivative according to the gradient.
        actual: f64,
        /// The difference quotient.
        expected: f64,
    },
    /// The difference quotients of a directional derivative do not converge, so the check is inconclusive.
    Undecided {
        /// The derivative according to the gradient.
        actual: f64,
        /// The difference quotients, with the step halved each time.
        quotients: Vec<f64>,
        /// The possible contribution of f32 rounding to each of them.
        rounding: Vec<f64>,
    },
    /// Two outputs that should differ are the same.
    Same,
    /// Trainable parameters without a gradient.
    NoGradient(Vec<String>),
    /// A parameter is missing.
    Missing,
    /// The check cannot fail on these inputs.
    Vacuous(&'static str),
}

impl CheckError {
    /// A violation in the situation described by `context`.
    pub(crate) fn new(context: impl Into<String>, finding: Finding) -> Self {
        Self { context: context.into(), finding }
    }

    /// The error for a check that cannot fail on its inputs.
    pub(crate) fn vacuous(why: &'static str) -> Self {
        Self::new("the check is vacuous", Finding::Vacuous(why))
    }

    /// How the property is violated.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.context, self.finding)
    }
}

/// The same as `Display`, because `unwrap` shows it.
impl fmt::Debug for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for CheckError {}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { actual, expected } => {
                write!(f, "the shape is {actual:?}, expected {expected:?}")
            }
            Self::Value { index, actual, expected, count, compared } => write!(
                f,
                "element {index:?} is {actual:?}, expected {expected:?} \
                 ({count} of {compared} elements differ)"
            ),
            Self::NotFinite { index, value } => write!(f, "element {index:?} is {value}"),
            Self::Derivative { actual, expected } => {
                write!(f, "the gradient is {actual:e}, the difference quotient {expected:e}")
            }
            Self::Undecided { actual, quotients, rounding } => write!(
                f,
                "undecided: the gradient is {actual:e}, but the difference quotients of halved steps do not agree \
                 with each other: {quotients:.5?}; {}",
                why_undecided(quotients, rounding)
            ),
            Self::Same => f.write_str("nothing differs"),
            Self::NoGradient(paths) => write!(f, "no gradient reaches {}", paths.join(", ")),
            Self::Missing => f.write_str("the parameter is missing"),
            Self::Vacuous(why) => f.write_str(why),
        }
    }
}

/// The most likely reason why difference quotients do not converge.
fn why_undecided(quotients: &[f64], rounding: &[f64]) -> &'static str {
    let drowned = |at: usize| (quotients[at] - quotients[at - 1]).abs() <= 2.0 * rounding[at];
    match (1..quotients.len()).any(drowned) {
        true => {
            "rounding of the f32 outputs dominates them: choose a function with smaller or steeper outputs"
        }
        false => {
            "the function is not smooth here, or rounding inside it dominates them: choose a \
             different point"
        }
    }
}
