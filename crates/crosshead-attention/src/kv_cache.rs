//! The key/value cache.

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
    /// Selects batch rows: row i of the result is row `rows[i]`.
    pub fn select(self, rows: Tensor<1, Int>) -> Self {
        let (_, k_len) = self.size();
        self.select_first(rows, k_len)
    }

    /// Like [`select`](Self::select), but only for the first `len` positions; the others are unspecified.
    fn select_first(self, rows: Tensor<1, Int>, len: usize) -> Self {
        Self {
            key: select_rows(self.key, rows.clone(), len),
            value: select_rows(self.value, rows, len),
        }
    }

    /// The numbers of batch rows and keys.
    fn size(&self) -> (usize, usize) {
        let [batch, k_len, ..] = self.key.dims();
        (batch, k_len)
    }
}

/// The initial size of the buffers, unless the capacity is smaller.
const INITIAL_LEN: usize = 64;

/// The keys and values of all positions so far.
///
/// A decoding step appends its keys and values and attends to all of them, so each position is projected only once.
/// Full buffers are doubled, so that a large capacity costs no memory until it is used.
#[derive(Clone, Debug)]
pub struct KvCache {
    buffers: Option<KeyValue>,
    len: usize,
    capacity: usize,
}

impl KvCache {
    /// An empty cache for up to `capacity` positions.
    pub fn new(capacity: usize) -> Self {
        Self { buffers: None, len: 0, capacity }
    }

    /// The number of cached positions, which is the index of the next position.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the cache is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends keys and values and returns those of all positions.
    ///
    /// # Panics
    /// If the capacity is exceeded, if the shapes of keys and values do not match, or if the batch size or the heads
    /// differ from those of the cache.
    pub fn append(&mut self, new: KeyValue) -> KeyValue {
        let [batch, added, n_kv_heads, _] = new.key.dims();
        assert!(
            new.value.dims()[..3] == [batch, added, n_kv_heads],
            "keys {:?} and values {:?} do not match: [batch, k_len, n_kv_heads, d_head]",
            new.key.dims(),
            new.value.dims()
        );
        let end = self.len + added;
        assert!(
            end <= self.capacity,
            "position {end} exceeds the capacity of the cache ({})",
            self.capacity
        );
        let KeyValue { key, value } = self.grown(&new, end);
        assert!(
            key.dims()[0] == batch,
            "a batch of {batch} does not match the cache, which has {} rows",
            key.dims()[0]
        );
        let heads = |x: &Tensor<4>| [x.dims()[2], x.dims()[3]];
        assert!(
            heads(&key) == heads(&new.key) && heads(&value) == heads(&new.value),
            "keys {:?} and values {:?} do not match those of the cache, {:?} and {:?}: [batch, k_len, n_kv_heads, d_head]",
            new.key.dims(),
            new.value.dims(),
            key.dims(),
            value.dims()
        );
        let at = |x: &Tensor<4>| [0..batch, self.len..end, 0..n_kv_heads, 0..x.dims()[3]];
        // A buffer that is not shared is updated in place.
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

    /// The buffers, grown to hold at least `end` positions of rows with the shape of those in `new`.
    fn grown(&mut self, new: &KeyValue, end: usize) -> KeyValue {
        let buffers = self.buffers.take();
        let len = buffers.as_ref().map_or(0, |buffers| buffers.size().1);
        let new_len = self.capacity.min(end.max(INITIAL_LEN).max(2 * len));
        let empty = |like: &Tensor<4>| {
            let [batch, _, n_kv_heads, d_head] = like.dims();
            Tensor::zeros([batch, new_len, n_kv_heads, d_head], &like.device())
        };
        match buffers {
            None => KeyValue { key: empty(&new.key), value: empty(&new.value) },
            Some(buffers) if end <= len => buffers,
            Some(KeyValue { key, value }) => {
                let seen = |x: &Tensor<4>| {
                    let [batch, _, n_kv_heads, d_head] = x.dims();
                    [0..batch, 0..len, 0..n_kv_heads, 0..d_head]
                };
                KeyValue {
                    key: empty(&key).slice_assign(seen(&key), key),
                    value: empty(&value).slice_assign(seen(&value), value),
                }
            }
        }
    }

    /// Reorders the batch: row i becomes row `rows[i]`. Rows may repeat or be dropped.
    ///
    /// Only cached positions of rows that change are copied.
    pub fn reorder(&mut self, rows: &Tensor<1, Int>) {
        let buffers = self.buffers.take();
        self.buffers = buffers.map(|buffers| buffers.select_first(rows.clone(), self.len));
    }

    /// Removes all but the first `len` positions.
    ///
    /// # Panics
    /// If the cache has fewer than `len` positions.
    pub fn truncate(&mut self, len: usize) {
        assert!(len <= self.len, "cannot truncate {} positions to {len}", self.len);
        self.len = len;
    }

    /// The numbers of batch rows and positions.
    pub fn size(&self) -> (usize, usize) {
        (self.buffers.as_ref().map_or(0, |buffers| buffers.size().0), self.len)
    }
}
