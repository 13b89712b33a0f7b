//! Computes powers and logarithms with the same bits on every machine.
//!
//! The standard library's versions may differ in the last bit between
//! platforms, and the schedule is part of the state that must not. Only
//! addition, multiplication, division and the bits of the number are used.

/// 2 to the power of `x`.
pub(super) fn exp2(x: f64) -> f64 {
    let x = x.clamp(-1000.0, 1000.0);
    let whole = x.floor();
    // e^y by its series, with y in [0, ln 2): 18 terms reach the last bits.
    let y = (x - whole) * std::f64::consts::LN_2;
    let series = (1..=18).rev().fold(1.0, |sum, n| 1.0 + sum * y / f64::from(n));
    series * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
}

/// The logarithm of `x` to base 2, for a positive normal number.
pub(super) fn log2(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    let exponent = (bits >> 52) as i64 - 1023;
    let mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    // ln m = 2 artanh((m-1)/(m+1)), whose series is quick for m in [1, 2).
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let series = (0..20).rev().fold(0.0, |sum, n| sum * z * z + 1.0 / f64::from(2 * n + 1));
    exponent as f64 + 2.0 * z * series / std::f64::consts::LN_2
}

/// `x` to the power of `y`, for a positive `x`.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    exp2(y * log2(x))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(x in -300.0..300.0f64, y in -3.0..3.0f64) {
            let power = exp2(x);
            prop_assert!((power / x.exp2() - 1.0).abs() < 1e-13);
            prop_assert!((log2(power) - x).abs() < 1e-12);
            prop_assert!((pow(power, y / 3.0) / x.exp2().powf(y / 3.0) - 1.0).abs() < 1e-9);
        }
    }
}
