//! Detection of the instruction set.

/// An instruction set that can multiply bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    /// AVX-512 with VNNI.
    #[cfg(target_arch = "x86_64")]
    Vnni512,
    /// AVX-VNNI.
    #[cfg(target_arch = "x86_64")]
    Vnni256,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// No particular instruction set.
    Plain,
}

impl Isa {
    /// All instruction sets, fastest first.
    const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Vnni512,
        #[cfg(target_arch = "x86_64")]
        Self::Vnni256,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Plain,
    ];

    /// The supported instruction sets, fastest first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|isa| isa.is_available())
    }

    /// The fastest supported instruction set.
    pub(super) fn fastest() -> Self {
        #[cfg(test)]
        if crate::flex::testing::on_scalar_path() {
            return Self::Plain;
        }
        Self::available().next().unwrap_or(Self::Plain)
    }

    fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Vnni512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Vnni256 => {
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            Self::Plain => true,
        }
    }
}
