//! Code compiled for the processor's widest vectors.

/// Runs `f` compiled for the widest vectors that this processor has.
///
/// Functions that `f` calls are compiled so too only if they are inlined.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(test)]
    if crate::flex::testing::on_scalar_path() {
        return f();
    }
    pulp::Arch::new().dispatch(f)
}
