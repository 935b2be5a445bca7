//! Code that is vectorized for the widest vectors of the processor.

/// Runs `f`, compiled for the widest vectors that this processor supports.
///
/// Functions called by `f` benefit from this only if they are inlined.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(test)]
    if crate::flex::testing::on_scalar_path() {
        return f();
    }
    pulp::Arch::new().dispatch(f)
}
