//! Keys and values of the positions seen so far.

use burn::tensor::{Int, Tensor};
use crosshead_kernels::select_rows;

/// The projected keys and values of one attention layer.
///
/// # Shapes
/// - both: `[batch, k_len, n_kv_heads, d_head]`
#[derive(Clone, Debug)]
pub struct KeyValue {
    /// The keys.
    pub key: Tensor<4>,
    /// The values.
    pub value: Tensor<4>,
}

impl KeyValue {
    /// The keys and values of a new batch whose row i is row `rows[i]` of this one.
    pub fn select(self, rows: Tensor<1, Int>) -> Self {
        let (_, k_len) = self.size();
        self.select_first(rows, k_len)
    }

    /// [`select`](Self::select) of the first `len` positions; what the others hold is unspecified.
    fn select_first(self, rows: Tensor<1, Int>, len: usize) -> Self {
        Self {
            key: select_rows(self.key, rows.clone(), len),
            value: select_rows(self.value, rows, len),
        }
    }

    /// Row count and number of keys.
    fn size(&self) -> (usize, usize) {
        let [batch, k_len, ..] = self.key.dims();
        (batch, k_len)
    }
}

/// Room that a cache has at first, if it may have more.
const FIRST_ROOM: usize = 64;

/// Keys and values of the positions decoded so far.
///
/// A step appends its own keys and values and attends to all of them, so each position is projected once. Buffers that are
/// full are doubled, so that a high limit costs nothing where few positions are seen.
#[derive(Clone, Debug)]
pub struct KvCache {
    buffers: Option<KeyValue>,
    len: usize,
    capacity: usize,
}

impl KvCache {
    /// An empty cache for at most `capacity` positions.
    pub fn new(capacity: usize) -> Self {
        Self { buffers: None, len: 0, capacity }
    }

    /// The number of positions seen: where the next one begins.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no position was seen yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends keys and values, and returns those of all positions seen.
    ///
    /// # Panics
    /// If the capacity is exceeded, if keys and values are of different positions, or if rows or heads differ from those
    /// before.
    pub fn append(&mut self, new: KeyValue) -> KeyValue {
        let [batch, added, n_kv_heads, _] = new.key.dims();
        assert!(
            new.value.dims()[..3] == [batch, added, n_kv_heads],
            "keys {:?} and values {:?} do not fit each other: [batch, k_len, n_kv_heads, d_head]",
            new.key.dims(),
            new.value.dims()
        );
        let end = self.len + added;
        assert!(
            end <= self.capacity,
            "position {end} exceeds the cache's capacity ({})",
            self.capacity
        );
        let KeyValue { key, value } = self.with_room(&new, end);
        assert!(
            key.dims()[0] == batch,
            "a batch of {batch} does not fit the cache's {}",
            key.dims()[0]
        );
        let heads = |x: &Tensor<4>| [x.dims()[2], x.dims()[3]];
        assert!(
            heads(&key) == heads(&new.key) && heads(&value) == heads(&new.value),
            "keys {:?} and values {:?} do not fit the cache's {:?} and {:?}: [batch, k_len, n_kv_heads, d_head]",
            new.key.dims(),
            new.value.dims(),
            key.dims(),
            value.dims()
        );
        let at = |x: &Tensor<4>| [0..batch, self.len..end, 0..n_kv_heads, 0..x.dims()[3]];
        // A buffer that nobody else holds is written in place.
        let (key_range, value_range) = (at(&new.key), at(&new.value));
        let buffers = KeyValue {
            key: key.slice_assign(key_range, new.key),
            value: value.slice_assign(value_range, new.value),
        };
        self.len = end;
        let seen = KeyValue {
            key: buffers.key.clone().narrow(1, 0, end),
            value: buffers.value.clone().narrow(1, 0, end),
        };
        self.buffers = Some(buffers);
        seen
    }

    /// The buffers, with room for `end` positions of rows like those of `new`.
    fn with_room(&mut self, new: &KeyValue, end: usize) -> KeyValue {
        let buffers = self.buffers.take();
        let room = buffers.as_ref().map_or(0, |buffers| buffers.size().1);
        let more = self.capacity.min(end.max(FIRST_ROOM).max(2 * room));
        let empty = |like: &Tensor<4>| {
            let [batch, _, n_kv_heads, d_head] = like.dims();
            Tensor::zeros([batch, more, n_kv_heads, d_head], &like.device())
        };
        match buffers {
            None => KeyValue { key: empty(&new.key), value: empty(&new.value) },
            Some(buffers) if end <= room => buffers,
            Some(KeyValue { key, value }) => {
                let seen = |x: &Tensor<4>| {
                    let [batch, _, n_kv_heads, d_head] = x.dims();
                    [0..batch, 0..room, 0..n_kv_heads, 0..d_head]
                };
                KeyValue {
                    key: empty(&key).slice_assign(seen(&key), key),
                    value: empty(&value).slice_assign(seen(&value), value),
                }
            }
        }
    }

    /// Row i of the cache becomes what row `rows[i]` was; rows may repeat, move or fall away.
    ///
    /// Only the positions seen move, and only in rows that change.
    pub fn reorder(&mut self, rows: &Tensor<1, Int>) {
        let buffers = self.buffers.take();
        self.buffers = buffers.map(|buffers| buffers.select_first(rows.clone(), self.len));
    }

    /// Forgets the positions from `len` on.
    ///
    /// # Panics
    /// If fewer positions were seen.
    pub fn truncate(&mut self, len: usize) {
        assert!(len <= self.len, "cannot truncate {} positions to {len}", self.len);
        self.len = len;
    }

    /// Row count and number of positions.
    pub fn size(&self) -> (usize, usize) {
        (self.buffers.as_ref().map_or(0, |buffers| buffers.size().0), self.len)
    }
}
