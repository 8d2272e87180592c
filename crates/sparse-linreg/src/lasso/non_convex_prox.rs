//! Scalar proximal maps of MCP and SCAD.

use core_optim::prox::soft_threshold;
use core_tensor::Scalar;

/// argmin ½ (u - v)² + MCP(|u|; λ, γ) for γ > 1: `soft(v, λ) / (1 - 1/γ)` up to |v| = γλ, v beyond. Zhang 2010.
pub fn mcp_prox<T: Scalar>(v: T, lambda: T, gamma: T) -> T {
    if num_abs(v) <= gamma * lambda { soft_threshold(v, lambda) / (T::one() - gamma.recip()) } else { v }
}

/// argmin ½ (u - v)² + SCAD(|u|; λ, a) for a > 2: the soft threshold up to 2λ, then `soft(v, aλ/(a-1)) / (1 - 1/(a-1))` up to
/// aλ, v beyond. Fan and Li 2001.
pub fn scad_prox<T: Scalar>(v: T, lambda: T, a: T) -> T {
    let size = num_abs(v);
    if size <= lambda + lambda {
        soft_threshold(v, lambda)
    } else if size <= a * lambda {
        let b = a - T::one();
        soft_threshold(v, a * lambda / b) / (T::one() - b.recip())
    } else {
        v
    }
}

fn num_abs<T: Scalar>(v: T) -> T {
    v.max(-v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_precisions_agree_and_ties_are_continuous() {
        for v in [-4.0, -3.0, -2.5, -2.0, -1.0, -0.3, 0.0, 0.7, 1.0, 1.5, 2.0, 3.0, 3.7, 5.0] {
            let (m, s) = (mcp_prox(v, 1.0, 3.0), scad_prox(v, 1.0, 3.7));
            assert!((f64::from(mcp_prox(v as f32, 1.0, 3.0)) - m).abs() < 1e-6);
            assert!((f64::from(scad_prox(v as f32, 1.0, 3.7)) - s).abs() < 1e-6);
            // γ > 1 and a > 2 make the maps continuous: Lipschitz constants 1.5 and 2.7/1.7.
            assert!((mcp_prox(v + 1e-9, 1.0, 3.0) - m).abs() < 1.6e-9);
            assert!((scad_prox(v + 1e-9, 1.0, 3.7) - s).abs() < 1.7e-9);
        }
    }
}
