//! The float types whose arithmetic is reproduced.

/// A binary float type, emulated exactly in `f64`.
///
/// | type | significant bits | spacing above 1 | largest number |
/// | --- | --- | --- | --- |
/// | `F16` | 11 | 2⁻¹⁰ | 65 504 |
/// | `Bf16` | 8 | 2⁻⁷ | 3.39e38 |
/// | `F32` | 24 | 2⁻²³ | 3.40e38 |
/// | `F64` | 53 | 2⁻⁵² | 1.80e308 |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum FloatType {
    /// IEEE half precision.
    F16,
    /// The upper half of `F32`.
    Bf16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
}

impl FloatType {
    /// All four, from the coarsest spacing above 1 to the finest.
    pub const ALL: [Self; 4] = [Self::Bf16, Self::F16, Self::F32, Self::F64];

    /// The name: `f16`, `bf16`, `f32` or `f64`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|float| float.name() == name)
    }

    /// Significant bits, the hidden one included.
    #[must_use]
    pub const fn significant_bits(self) -> i32 {
        match self {
            Self::F16 => 11,
            Self::Bf16 => 8,
            Self::F32 => 24,
            Self::F64 => 53,
        }
    }

    /// Exponent of the smallest normal number.
    const fn least_exponent(self) -> i32 {
        match self {
            Self::F16 => -14,
            Self::Bf16 | Self::F32 => -126,
            Self::F64 => -1022,
        }
    }

    /// ε, the spacing of the numbers above 1.
    #[must_use]
    pub fn epsilon(self) -> f64 {
        power_of_two(1 - self.significant_bits())
    }

    /// ε/2: what is at most this large vanishes when it is added to 1.
    #[must_use]
    pub fn half_epsilon(self) -> f64 {
        power_of_two(-self.significant_bits())
    }

    /// The largest finite number.
    #[must_use]
    pub fn largest(self) -> f64 {
        let exponent = 1 - self.least_exponent();
        (2.0 - self.epsilon()) * power_of_two(exponent)
    }

    /// `x` rounded to the nearest number of the type, ties to even, with subnormal numbers and overflow to infinity; NaN stays NaN.
    #[must_use]
    pub fn round(self, x: f64) -> f64 {
        match self {
            Self::F64 => x,
            Self::F32 => f64::from(x as f32),
            _ => self.round_by_bits(x),
        }
    }

    fn round_by_bits(self, x: f64) -> f64 {
        if !x.is_finite() || x == 0.0 {
            return x;
        }
        // Exponent of the last place: that of x, but not below the subnormal spacing.
        let exponent = (((x.to_bits() >> 52) & 0x7ff) as i32 - 1023).max(self.least_exponent());
        let spacing = power_of_two(exponent - self.significant_bits() + 1);
        // Both are powers of two apart: the quotient is exact, and so is the product.
        let rounded = (x / spacing).round_ties_even() * spacing;
        if rounded.abs() > self.largest() { f64::INFINITY.copysign(x) } else { rounded }
    }
}

impl std::fmt::Display for FloatType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

fn power_of_two(exponent: i32) -> f64 {
    2.0_f64.powi(exponent)
}

#[cfg(test)]
mod tests {
    use super::FloatType::{self, Bf16, F16, F32, F64};

    #[test]
    fn constants() {
        assert_eq!((F16.epsilon(), Bf16.epsilon()), (0.000_976_562_5, 0.007_812_5));
        assert_eq!((F32.epsilon(), F64.epsilon()), (f64::from(f32::EPSILON), f64::EPSILON));
        assert_eq!((F16.largest(), Bf16.largest()), (65504.0, 3.389_531_389_251_535_5e38));
        assert_eq!((F32.largest(), F64.largest()), (f64::from(f32::MAX), f64::MAX));
        for float in FloatType::ALL {
            assert_eq!(FloatType::from_name(&float.to_string()), Some(float));
        }
        assert_eq!(FloatType::from_name("f8"), None);
    }

    #[test]
    fn rounding() {
        assert_eq!(F16.round(1.0 + 2.0_f64.powi(-11)), 1.0);
        assert_eq!(F16.round(1.0 + 3.0 * 2.0_f64.powi(-11)), 1.0 + 2.0_f64.powi(-9));
        assert_eq!(
            (F16.round(65519.0), F16.round(65520.0), F16.round(-1e9)),
            (65504.0, f64::INFINITY, f64::NEG_INFINITY)
        );
        // Subnormal: spacing 2⁻²⁴.
        assert_eq!((F16.round(2.0_f64.powi(-25)), F16.round(1.1 * 2.0_f64.powi(-25))), (0.0, 2.0_f64.powi(-24)));
        assert_eq!(F16.round(0.1), 0.099_975_585_937_5);
        assert_eq!(Bf16.round(0.1), 0.100_097_656_25);
        assert_eq!(Bf16.round(1e-40), 2.0_f64.powi(-133));
        assert!(F16.round(f64::NAN).is_nan());
        assert_eq!((F16.round(-0.0).to_bits(), F16.round(5e-324)), ((-0.0_f64).to_bits(), 0.0));
    }

    /// The general code agrees with the processor where the processor has the type.
    #[test]
    fn by_bits_is_the_conversion_of_the_processor() {
        let mut state = 1_u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Exponents around the range of f32.
            let x = f64::from_bits((state & 0x800f_ffff_ffff_ffff) | ((850 + (state >> 33) % 330) << 52));
            assert_eq!(F32.round_by_bits(x), f64::from(x as f32), "{x:e}");
        }
    }
}
