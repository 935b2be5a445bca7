//! Vectorized code for the widest vectors of the processor.

/// Runs `f` compiled for the widest vectors that this processor supports.
///
/// This applies to the functions that `f` calls only if they are inlined.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(test)]
    if crate::flex::testing::on_scalar_path() {
        return f();
    }
    pulp::Arch::new().dispatch(f)
}
