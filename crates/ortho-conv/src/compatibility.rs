//! The distances of the public code of 2020, defects included, for comparing with numbers that it produced. Do not train with them.

use crate::polyphase::for_each_index;
use crate::{Geometry, Result};
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{Array2, ArrayRef, Dimension};

/// A number of the public code, and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// None for this architecture: the number is the right one.
    None,
    /// The padding is smaller than the largest lag: some lags are not seen, and kernels that are not orthogonal score 0.
    UnseenLags,
    /// The identity stands at a lag that is not 0: orthogonal kernels do not score 0.
    MisplacedIdentity,
    /// Only one of the s^D phases of the input is looked at.
    SinglePhase,
}

/// `‖conv(K, K, padding, stride) - I‖_F` with the identity in the middle of whatever comes out; the code's default is `padding` = 1.
///
/// Right only for paddings of ⌊(k - 1)/s⌋ s, which [`LOrth::distance`](crate::LOrth::distance) takes.
///
/// # Errors
/// A kernel (M × C × k…) of fewer than three axes or not finite; a stride of 0.
pub fn row_distance<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    stride: usize,
    padding: usize,
) -> Result<(f64, Defect)> {
    let geometry = Geometry::of(kernel, stride)?;
    check_range("padding", padding as f64, padding < 1 << 16, "below 65536")?;
    let taps = Taps::new(kernel, &geometry);
    let (m, dimensions) = (geometry.outputs(), geometry.dimensions());
    let extent = 2 * padding / stride + 1;
    let middle = extent / 2;
    let mut squares = 0.0;
    for_each_index(&vec![extent; dimensions], |index| {
        let mut correlation = Array2::<f64>::zeros((m, m));
        taps.for_each(|a, first| {
            let other: Option<Vec<usize>> = a
                .iter()
                .zip(index)
                .zip(geometry.size())
                .map(|((&a, &i), &k)| (a + stride * i).checked_sub(padding).filter(|&b| b < k))
                .collect();
            if let Some(other) = other {
                // Shapes fit by construction.
                let _ = gemm_into(&mut correlation, Accumulate::Add, 1.0, taps.at(&other), &first.t());
            }
        });
        if index.iter().all(|&i| i == middle) {
            correlation.diag_mut().iter_mut().for_each(|r| *r -= 1.0);
        }
        squares += correlation.iter().map(|r| r * r).sum::<f64>();
    });
    let needed = geometry.size().iter().map(|k| (k - 1) / stride * stride).max().unwrap_or(0);
    let defect = if stride * middle != padding {
        Defect::MisplacedIdentity
    } else if padding < needed {
        Defect::UnseenLags
    } else {
        Defect::None
    };
    Ok((squares.sqrt(), defect))
}

/// The code's distance of the columns, which it has declared obsolete: right for stride 1, one phase of s^D else.
///
/// # Errors
/// As [`row_distance`].
pub fn column_distance<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, stride: usize) -> Result<(f64, Defect)> {
    let geometry = Geometry::of(kernel, stride)?;
    let taps = Taps::new(kernel, &geometry);
    // The pixel in the middle of a signal of s (k - 1) + k samples.
    let phase: Vec<usize> = geometry.size().iter().map(|&k| (stride * (k - 1) + k) / 2 % stride).collect();
    let lags: Vec<usize> = geometry.size().iter().map(|k| 2 * k - 1).collect();
    let c = geometry.inputs();
    let mut squares = 0.0;
    for_each_index(&lags, |lag| {
        let mut correlation = Array2::<f64>::zeros((c, c));
        taps.for_each(|a, first| {
            if a.iter().zip(&phase).any(|(a, p)| a % stride != *p) {
                return;
            }
            let other: Option<Vec<usize>> = a
                .iter()
                .zip(lag)
                .zip(geometry.size())
                .map(|((&a, &l), &k)| (a + l).checked_sub(k - 1).filter(|&b| b < k))
                .collect();
            if let Some(other) = other {
                let _ = gemm_into(&mut correlation, Accumulate::Add, 1.0, &first.t(), taps.at(&other));
            }
        });
        if lag.iter().zip(geometry.size()).all(|(l, k)| l + 1 == *k) {
            correlation.diag_mut().iter_mut().for_each(|r| *r -= 1.0);
        }
        squares += correlation.iter().map(|r| r * r).sum::<f64>();
    });
    let defect = if stride > 1 { Defect::SinglePhase } else { Defect::None };
    Ok((squares.sqrt(), defect))
}

/// The kernel's taps as matrices M × C.
struct Taps {
    size: Vec<usize>,
    matrices: Vec<Array2<f64>>,
}

impl Taps {
    fn new<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, geometry: &Geometry) -> Self {
        debug_assert!(check_finite("kernel", kernel).is_ok());
        let (m, c) = (geometry.outputs(), geometry.inputs());
        let count: usize = geometry.size().iter().product();
        let mut matrices = vec![Array2::zeros((m, c)); count];
        for (number, &v) in kernel.iter().enumerate() {
            matrices[number % count][[number / count / c, number / count % c]] = Scalar::to_f64(v);
        }
        Self { size: geometry.size().to_vec(), matrices }
    }

    fn at(&self, tap: &[usize]) -> &Array2<f64> {
        &self.matrices[tap.iter().zip(&self.size).fold(0, |at, (a, k)| at * k + a)]
    }

    fn for_each(&self, mut f: impl FnMut(&[usize], &Array2<f64>)) {
        for_each_index(&self.size, |tap| f(tap, self.at(tap)));
    }
}
