//! Sequences that are longer than a model or the memory takes.

/// What happens to a sequence that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongSequences {
    /// It is left out.
    Drop,
    /// Its inside is cut at the end; that part of the text is lost.
    Truncate,
    /// Its inside falls into pieces that share `overlap` ids with their neighbours.
    Window {
        /// Ids that a piece has in common with the next.
        overlap: usize,
    },
}

/// The longest sequence, and what happens to longer ones.
///
/// Ids that a tokenizer puts around a text, such as `[CLS] … [SEP]`, are its frame: every piece has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthLimit {
    /// The most ids of a sequence, frame included; at least one id of the inside stays in any case.
    pub max_len: usize,
    /// What happens to longer ones.
    pub long: LongSequences,
    /// Ids of the frame before the inside.
    pub before: usize,
    /// Ids of the frame behind the inside.
    pub after: usize,
}

/// A sequence that is short enough, and which of the given ones it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The index of the given sequence.
    pub of: usize,
    /// The ids.
    pub ids: Vec<u32>,
}

impl LengthLimit {
    /// Keeps every sequence within the limit, in order. Returns the pieces, and how many sequences were too long.
    pub fn apply(&self, sequences: Vec<Vec<u32>>) -> (Vec<Piece>, usize) {
        let mut pieces = Vec::with_capacity(sequences.len());
        let mut too_long = 0;
        for (of, ids) in sequences.into_iter().enumerate() {
            if ids.len() <= self.longest() {
                pieces.push(Piece { of, ids });
                continue;
            }
            too_long += 1;
            pieces.extend(self.pieces(&ids).map(|ids| Piece { of, ids }));
        }
        (pieces, too_long)
    }

    fn longest(&self) -> usize {
        self.max_len.max(self.before + self.after + 1)
    }

    /// What becomes of a sequence that is too long.
    fn pieces(&self, ids: &[u32]) -> impl Iterator<Item = Vec<u32>> {
        let (before, rest) = ids.split_at(self.before);
        let (inside, after) = rest.split_at(rest.len() - self.after);
        let room = self.longest() - self.before - self.after;
        let (stride, count) = match self.long {
            LongSequences::Drop => (room, 0),
            LongSequences::Truncate => (room, 1),
            LongSequences::Window { overlap } => {
                let stride = room - overlap.min(room - 1);
                (stride, 1 + (inside.len() - room).div_ceil(stride))
            }
        };
        (0..count).map(move |piece| {
            let start = piece * stride;
            let end = inside.len().min(start + room);
            [before, &inside[start..end], after].concat()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const CLS: u32 = 101;
    const SEP: u32 = 102;

    fn framed() -> impl Strategy<Value = Vec<u32>> {
        vec(1_u32..50, 0..30).prop_map(|ids| [vec![CLS], ids, vec![SEP]].concat())
    }

    fn limit(max_len: usize, long: LongSequences) -> LengthLimit {
        LengthLimit { max_len, long, before: 1, after: 1 }
    }

    fn inside(ids: &[u32]) -> &[u32] {
        &ids[1..ids.len() - 1]
    }

    proptest! {
        #[test]
        fn every_piece_is_short_enough_and_framed(
            sequences in vec(framed(), 0..8), max_len in 3_usize..20, overlap in 0_usize..20,
        ) {
            for long in [LongSequences::Drop, LongSequences::Truncate, LongSequences::Window { overlap }] {
                let (pieces, too_long) = limit(max_len, long).apply(sequences.clone());
                prop_assert_eq!(too_long, sequences.iter().filter(|ids| ids.len() > max_len).count());
                for Piece { of, ids } in &pieces {
                    prop_assert!(ids.len() <= max_len);
                    prop_assert_eq!((ids[0], ids[ids.len() - 1]), (CLS, SEP));
                    let found = inside(&sequences[*of]).windows(inside(ids).len().max(1)).any(|w| w == inside(ids));
                    prop_assert!(found || inside(ids).is_empty());
                }
                let kept: Vec<usize> = pieces.iter().map(|piece| piece.of).collect();
                prop_assert!(kept.is_sorted());
                let expected = match long {
                    LongSequences::Drop => sequences.len() - too_long,
                    LongSequences::Truncate => sequences.len(),
                    LongSequences::Window { .. } => pieces.len(),
                };
                prop_assert_eq!(pieces.len(), expected);
            }
        }

        #[test]
        fn windows_without_overlap_are_the_text(ids in framed(), max_len in 3_usize..20) {
            let (pieces, _) = limit(max_len, LongSequences::Window { overlap: 0 }).apply(vec![ids.clone()]);
            let text: Vec<u32> = pieces.iter().flat_map(|piece| inside(&piece.ids).to_vec()).collect();
            prop_assert_eq!(&text[..], inside(&ids));
        }

        #[test]
        fn neighbouring_windows_share_their_overlap(ids in framed(), max_len in 6_usize..20, overlap in 1_usize..3) {
            let (pieces, _) = limit(max_len, LongSequences::Window { overlap }).apply(vec![ids.clone()]);
            let mut text = inside(&pieces[0].ids).to_vec();
            for piece in &pieces[1..] {
                let shared = text.split_off(text.len() - overlap);
                prop_assert_eq!(&shared[..], &inside(&piece.ids)[..overlap]);
                prop_assert!(inside(&piece.ids).len() > overlap);
                text.extend(inside(&piece.ids));
            }
            prop_assert_eq!(&text[..], inside(&ids));
        }
    }

    #[test]
    fn truncation_keeps_the_beginning() {
        let (pieces, too_long) =
            limit(4, LongSequences::Truncate).apply(vec![vec![CLS, 1, 2, 3, 4, SEP]]);
        assert_eq!(pieces, [Piece { of: 0, ids: vec![CLS, 1, 2, SEP] }]);
        assert_eq!(too_long, 1);
    }

    #[test]
    fn a_limit_below_the_frame_leaves_one_id_inside() {
        let (pieces, _) = limit(0, LongSequences::Truncate).apply(vec![vec![CLS, 1, 2, SEP]]);
        assert_eq!(pieces[0].ids, [CLS, 1, SEP]);
    }
}
