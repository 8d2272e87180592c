//! Collapse of one row of logits in one float type.

use crate::FloatType;
use crate::error::{Error, Result, check_count};
use crate::link::{check_classes, check_logit};
use crate::loss::emulated_row;
use core_tensor::Scalar;
use ndarray::{ArrayRef2, Axis};

/// What softmax in a float type makes of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RowCollapse {
    /// First class of largest logit.
    pub argmax: usize,
    /// Sum over all classes but `argmax` of `exp(fl(fl(zₖ) - fl(z_max)))`: logits and differences as the type rounds them, exponentials
    /// and sum in `f64`, so that a rest below the type's smallest number still has a size. NaN when `overflowed`.
    pub rest_mass: f64,
    /// `log₂ rest_mass - log₂(ε/2)`: positive means not yet collapsed; -∞ when the rest is exactly zero.
    pub margin: f64,
    /// `rest_mass ≤ ε/2`: the order-free criterion.
    pub collapsed: bool,
    /// The sum in class order, every addition rounded to the type, is exactly 1.
    pub sum_is_one: bool,
    /// The textbook loss is exactly 0.
    pub zero_loss: bool,
    /// Its gradient at the label is exactly 0.
    pub zero_label_gradient: bool,
    /// Entries of its gradient that are exactly 0.
    pub zero_gradients: usize,
    /// A finite logit becomes infinite in the type: nothing else is computed then.
    pub overflowed: bool,
}

/// The collapse of every row of `logits` (n × C) in the arithmetic of `float`. -∞ is a mask.
///
/// # Errors
/// On a logit that is NaN or +∞, a label that is no class, a label on a masked class, a row of masks only, C = 0, and lengths that
/// differ.
pub fn rows<T: Scalar>(logits: &ArrayRef2<T>, labels: &[usize], float: FloatType) -> Result<Vec<RowCollapse>> {
    let classes = logits.len_of(Axis(1));
    check_classes(classes)?;
    check_count("labels", labels.len(), logits.len_of(Axis(0)), "there is one label per row of `logits`")?;
    let mut work = vec![0.0; classes];
    let one = |(row, (z, &label)): (usize, (ndarray::ArrayView1<'_, T>, &usize))| {
        if label >= classes {
            return Err(Error::Label { row, found: label, classes });
        }
        work.iter_mut().zip(&z).for_each(|(w, z)| *w = Scalar::to_f64(*z));
        row_collapse(row, &mut work, label, float)
    };
    logits.outer_iter().zip(labels).enumerate().map(one).collect()
}

fn row_collapse(row: usize, z: &mut [f64], label: usize, float: FloatType) -> Result<RowCollapse> {
    let mut argmax = 0;
    for (k, &v) in z.iter().enumerate() {
        check_logit(row, k, v)?;
        if v > z[argmax] {
            argmax = k;
        }
    }
    if z[argmax] == f64::NEG_INFINITY {
        return Err(Error::AllMasked { row });
    }
    if z[label] == f64::NEG_INFINITY {
        return Err(Error::InfiniteLoss { row, class: label });
    }
    if z.iter().any(|&v| v.is_finite() && float.round(v).is_infinite()) {
        return Ok(RowCollapse {
            argmax,
            rest_mass: f64::NAN,
            margin: f64::NAN,
            collapsed: false,
            sum_is_one: false,
            zero_loss: false,
            zero_label_gradient: false,
            zero_gradients: 0,
            overflowed: true,
        });
    }
    let top = float.round(z[argmax]);
    let exponential = |v: f64| float.round(float.round(v) - top).exp();
    let others = z.iter().enumerate().filter(|&(k, _)| k != argmax);
    let rest_mass: f64 = others.map(|(_, &v)| exponential(v)).sum();
    let sequential = z.iter().fold(0.0, |sum, &v| float.round(sum + float.round(exponential(v))));
    let loss = emulated_row(row, z, label, float, 1.0, 1.0)?;
    Ok(RowCollapse {
        argmax,
        rest_mass,
        margin: rest_mass.log2() - float.half_epsilon().log2(),
        collapsed: rest_mass <= float.half_epsilon(),
        sum_is_one: sequential == 1.0,
        zero_loss: loss == 0.0,
        zero_label_gradient: z[label] == 0.0,
        zero_gradients: z.iter().filter(|g| **g == 0.0).count(),
        overflowed: false,
    })
}
