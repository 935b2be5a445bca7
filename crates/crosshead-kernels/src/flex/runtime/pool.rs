//! A pool of freed memory.
//!
//! A training step frees and allocates the same large arrays over and over. Returning them to the operating system
//! would cost a page fault for every 4 KiB at the next use, which takes longer than many operations. Freed blocks are
//! therefore kept, as long as the total stays within the peak memory use so far. Results do not depend on this cache:
//! the values of a block are unspecified until they are written.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pages;

/// Values per cache line, which is also the width of the widest vector register.
const LINE: usize = 16;

/// Smaller blocks (in lines; 16 KiB) come from the allocator, which is just as fast.
const SMALLEST_KEPT: usize = 256;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

static POOL: Mutex<Pool> = Mutex::new(Pool::new());

fn pool() -> MutexGuard<'static, Pool> {
    // The pool is in a consistent state at every point where its methods can panic.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Freed blocks, oldest first; sizes are in lines.
struct Pool {
    free: VecDeque<Vec<Line>>,
    in_use: usize,
    most_in_use: usize,
    kept: usize,
}

impl Pool {
    const fn new() -> Self {
        Self { free: VecDeque::new(), in_use: 0, most_in_use: 0, kept: 0 }
    }

    /// The smallest block that holds `lines`, the newest if there are several; `None` if all are much larger.
    fn take(&mut self, lines: usize) -> Option<Vec<Line>> {
        let fitting = lines..=lines + lines / 2;
        let best = (0..self.free.len())
            .rev()
            .filter(|&index| fitting.contains(&self.free[index].len()))
            .min_by_key(|&index| self.free[index].len())?;
        let block = self.free.remove(best)?;
        self.kept -= block.len();
        self.count(block.len());
        Some(block)
    }

    /// Records a block of `lines` as in use.
    fn count(&mut self, lines: usize) {
        self.in_use += lines;
        self.most_in_use = self.most_in_use.max(self.in_use);
    }

    /// Keeps a block for later use; returns the blocks that exceed the bound.
    fn give(&mut self, block: Vec<Line>) -> Vec<Vec<Line>> {
        self.in_use -= block.len();
        self.kept += block.len();
        self.free.push_back(block);
        self.excess()
    }

    /// Removes the oldest blocks until the rest is within the bound.
    fn excess(&mut self) -> Vec<Vec<Line>> {
        let mut excess = Vec::new();
        while self.in_use + self.kept > self.most_in_use {
            let Some(block) = self.free.pop_front() else { break };
            self.kept -= block.len();
            excess.push(block);
        }
        excess
    }
}

/// Memory for values, aligned to cache lines, that returns to the pool when dropped.
pub(crate) struct Block(Vec<Line>);

impl Block {
    /// Memory for at least `len` values with unspecified contents.
    pub(crate) fn new(len: usize) -> Self {
        let lines = len.div_ceil(LINE);
        if lines < SMALLEST_KEPT {
            return Self(zeros(lines));
        }
        // Sizes are rounded up in steps of an eighth, so that similar requests can share blocks.
        let lines = lines.next_multiple_of((lines.next_power_of_two() / 16).max(1));
        if let Some(block) = pool().take(lines) {
            return Self(block);
        }
        let excess = {
            let mut pool = pool();
            pool.count(lines);
            pool.excess()
        };
        drop(excess); // free before allocating more, and outside the lock
        Self(zeros(lines))
    }
}

fn zeros(lines: usize) -> Vec<Line> {
    let mut block = Vec::with_capacity(lines);
    pages::expect(block.spare_capacity_mut());
    block.resize(lines, Line([0.0; LINE]));
    block
}

impl Drop for Block {
    fn drop(&mut self) {
        let block = std::mem::take(&mut self.0);
        if block.len() >= SMALLEST_KEPT {
            let excess = pool().give(block);
            drop(excess);
        }
    }
}

impl Deref for Block {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is exactly `LINE` f32 without padding, and a vector's elements are contiguous.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: see `deref`; the vector is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lines: usize) -> Vec<Line> {
        zeros(lines)
    }

    #[test]
    fn freed_blocks_are_reused_best_fit_first() {
        let mut pool = Pool::new();
        pool.count(1000);
        for lines in [400, 320, 280] {
            assert!(pool.give(block(lines)).is_empty());
        }
        assert_eq!(pool.take(300).map(|block| block.len()), Some(320));
        assert_eq!(pool.take(300).map(|block| block.len()), Some(400));
        assert!(pool.take(300).is_none(), "280 lines are too few");
        assert!(pool.take(100).is_none(), "280 lines are too many");
    }

    #[test]
    fn memory_stays_within_the_peak() {
        let mut pool = Pool::new();
        pool.count(500);
        assert!(pool.give(block(500)).is_empty());
        pool.count(300);
        let excess = pool.excess();
        assert_eq!(excess.iter().map(Vec::len).sum::<usize>(), 500, "the old block is evicted");
        assert_eq!((pool.in_use, pool.kept, pool.most_in_use), (300, 0, 500));
    }

    #[test]
    fn blocks_are_aligned_and_long_enough() {
        for len in [0, 1, 17, 5000, 100_000] {
            let block = Block::new(len);
            assert!(block.len() >= len);
            assert_eq!(block.as_ptr() as usize % 64, 0);
        }
    }
}
