//! What a check found.

use std::fmt;

/// A claim about a brick that does not hold, with the place and the values that show it.
#[derive(Clone, PartialEq)]
pub struct CheckError {
    context: String,
    finding: Finding,
}

/// What contradicts a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Two tensors have different shapes.
    Shape {
        /// The shape found.
        actual: Vec<usize>,
        /// The shape claimed.
        expected: Vec<usize>,
    },
    /// Two tensors differ by more than the tolerance.
    Value {
        /// The index of the worst element.
        index: Vec<usize>,
        /// Its value.
        actual: f32,
        /// The value claimed.
        expected: f32,
        /// How many elements differ by more than the tolerance.
        count: usize,
        /// How many elements were compared.
        compared: usize,
    },
    /// An element is infinite or NaN.
    NotFinite {
        /// The index of the first such element.
        index: Vec<usize>,
        /// Its value.
        value: f32,
    },
    /// A derivative along a direction differs from the difference quotient.
    Derivative {
        /// What the gradient says.
        actual: f64,
        /// The difference quotient.
        expected: f64,
    },
    /// A derivative along a direction that difference quotients do not tell, so that the check shows nothing about the
    /// gradient.
    Undecided {
        /// What the gradient says.
        actual: f64,
        /// The difference quotients, each with half the step of the one before.
        quotients: Vec<f64>,
        /// What the rounding of f32 outputs can contribute to each of them.
        rounding: Vec<f64>,
    },
    /// Two outputs that should differ are the same.
    Same,
    /// Parameters that are trained but no gradient reaches.
    NoGradient(Vec<String>),
    /// A parameter is not there any more.
    Missing,
    /// The inputs are such that the check could not fail.
    Vacuous(&'static str),
}

impl CheckError {
    /// A finding in the situation that `context` names.
    pub(crate) fn new(context: impl Into<String>, finding: Finding) -> Self {
        Self { context: context.into(), finding }
    }

    /// A check that could not fail on these inputs.
    pub(crate) fn vacuous(why: &'static str) -> Self {
        Self::new("the check shows nothing", Finding::Vacuous(why))
    }

    /// What contradicts the claim.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.context, self.finding)
    }
}

/// The message, since that is what `unwrap` shows.
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
                write!(f, "the gradient says {actual:e}, the difference quotient {expected:e}")
            }
            Self::Undecided { actual, quotients, rounding } => write!(
                f,
                "undecided: the gradient says {actual:e}, and the difference quotients of halved steps do not agree \
                 among themselves: {quotients:.5?}; {}",
                why_undecided(quotients, rounding)
            ),
            Self::Same => f.write_str("nothing differs"),
            Self::NoGradient(paths) => write!(f, "no gradient reaches {}", paths.join(", ")),
            Self::Missing => f.write_str("it is not there any more"),
            Self::Vacuous(why) => f.write_str(why),
        }
    }
}

/// What most likely keeps difference quotients apart.
fn why_undecided(quotients: &[f64], rounding: &[f64]) -> &'static str {
    let drowned = |at: usize| (quotients[at] - quotients[at - 1]).abs() <= 2.0 * rounding[at];
    match (1..quotients.len()).any(drowned) {
        true => {
            "the rounding of f32 outputs drowns them: give the function smaller outputs, or steeper ones"
        }
        false => {
            "the function is not smooth here, or rounding inside it drowns them: choose another point"
        }
    }
}
