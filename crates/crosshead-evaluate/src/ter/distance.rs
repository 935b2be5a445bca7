//! Edit distance in a beam around the diagonal, with the operations that reach it.

/// The smallest half-width of the beam, in words.
const BEAM: usize = 25;

/// The cost of a cell outside the beam. Adding 1 to it does not overflow.
const UNREACHED: u32 = u32::MAX / 2;

/// An operation that turns a hypothesis into its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Keep,
    Substitute,
    Insert,
    Delete,
}

/// The matrix of edit distances of a hypothesis: row i and column j hold the distance of its first i words to the first j
/// words of the reference.
pub(super) struct Matrix<'a> {
    hypothesis: &'a [u32],
    reference: &'a [u32],
    costs: Vec<u32>,
    operations: Vec<Operation>,
}

impl<'a> Matrix<'a> {
    pub(super) fn new(hypothesis: &'a [u32], reference: &'a [u32]) -> Self {
        let columns = reference.len() + 1;
        let mut costs = vec![UNREACHED; (hypothesis.len() + 1) * columns];
        let mut operations = vec![Operation::Insert; costs.len()];
        (0..).zip(&mut costs[..columns]).for_each(|(column, cost)| *cost = column);
        for row in 1..=hypothesis.len() {
            let (above, below) = costs.split_at_mut(row * columns);
            fill_row(
                hypothesis,
                reference,
                row,
                &above[(row - 1) * columns..],
                &mut below[..columns],
                |column, operation| operations[row * columns + column] = operation,
            );
        }
        Self { hypothesis, reference, costs, operations }
    }

    /// The edit distance.
    pub(super) fn distance(&self) -> u32 {
        *self.costs.last().expect("the matrix has at least one cell")
    }

    /// The edit distance of `shifted`, which has as many words as the hypothesis and the same first `unchanged` words.
    /// `rows` are buffers.
    pub(super) fn distance_of(
        &self,
        shifted: &[u32],
        unchanged: usize,
        rows: &mut [Vec<u32>; 2],
    ) -> u32 {
        let columns = self.reference.len() + 1;
        let [above, below] = rows;
        above.clear();
        above.extend_from_slice(&self.costs[unchanged * columns..][..columns]);
        for row in unchanged + 1..=shifted.len() {
            below.clear();
            below.resize(columns, UNREACHED);
            fill_row(shifted, self.reference, row, above, below, |_, _| {});
            std::mem::swap(above, below);
        }
        *above.last().expect("a row has at least one cell")
    }

    /// The operations from the first word to the last.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let columns = self.reference.len() + 1;
        let (mut row, mut column) = (self.hypothesis.len(), self.reference.len());
        let mut found = Vec::with_capacity(row + column);
        while row > 0 || column > 0 {
            let operation = self.operations[row * columns + column];
            found.push(operation);
            match operation {
                Operation::Keep | Operation::Substitute => (row, column) = (row - 1, column - 1),
                Operation::Insert => column -= 1,
                Operation::Delete => row -= 1,
            }
        }
        found.reverse();
        found
    }
}

/// Fills the cells of a row that are in the beam.
fn fill_row(
    hypothesis: &[u32],
    reference: &[u32],
    row: usize,
    above: &[u32],
    below: &mut [u32],
    mut set: impl FnMut(usize, Operation),
) {
    let ratio = reference.len() as f64 / hypothesis.len() as f64;
    let beam = if (BEAM as f64) < ratio / 2.0 {
        (ratio / 2.0 + BEAM as f64).ceil() as usize
    } else {
        BEAM
    };
    let diagonal = (row as f64 * ratio).floor() as usize;
    let end = if row == hypothesis.len() {
        reference.len() + 1
    } else {
        (reference.len() + 1).min(diagonal + beam)
    };
    let word = hypothesis[row - 1];
    for column in diagonal.saturating_sub(beam)..end {
        if column == 0 {
            below[0] = above[0] + 1;
            set(0, Operation::Delete);
            continue;
        }
        // Of equally cheap operations, the first.
        let (mut best, mut operation) = if word == reference[column - 1] {
            (above[column - 1], Operation::Keep)
        } else {
            (above[column - 1] + 1, Operation::Substitute)
        };
        if above[column] + 1 < best {
            (best, operation) = (above[column] + 1, Operation::Delete);
        }
        if below[column - 1] + 1 < best {
            (best, operation) = (below[column - 1] + 1, Operation::Insert);
        }
        below[column] = best.min(UNREACHED);
        set(column, operation);
    }
}
