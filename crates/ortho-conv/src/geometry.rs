//! Shapes of a convolutional layer, and what follows from them alone (section "Notation" of the paper).

use crate::{Error, Result};
use core_tensor::{Scalar, check_finite};
use ndarray::{ArrayRef, Dimension};

/// Kernels of at most this many spatial dimensions.
pub(crate) const MOST_DIMENSIONS: usize = 3;

/// Which of the two products of the layer's matrix can be the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Regime {
    /// M < C Πs: 𝒦 𝒦ᵀ = I is wanted.
    Row,
    /// M > C Πs: 𝒦ᵀ 𝒦 = I is wanted.
    Column,
    /// M = C Πs: both.
    Square,
}

impl std::fmt::Display for Regime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Row => "row",
            Self::Column => "column",
            Self::Square => "square",
        })
    }
}

/// A layer's numbers of channels, kernel sizes and strides; 1 to 3 spatial dimensions.
///
/// A layer of g groups is g layers side by side, each with M/g outputs and C/g inputs; kernels then have shape (M, C/g, k…), as in
/// other libraries. The kernel of a transposed convolution, shaped (inputs, outputs, k…), is passed as it is: its layer is the
/// transpose of the convolution with that kernel, so that all singular values and L_orth are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Geometry {
    outputs: usize,
    inputs: usize,
    groups: usize,
    size: Vec<usize>,
    stride: Vec<usize>,
}

impl Geometry {
    /// M = `outputs`, C = `inputs`, kernel `size` and `stride` per spatial dimension; one group.
    ///
    /// # Errors
    /// A zero, other than 1 to 3 dimensions, or strides of another number of dimensions.
    pub fn new(outputs: usize, inputs: usize, size: &[usize], stride: &[usize]) -> Result<Self> {
        let positive =
            |argument, found: usize| core_tensor::check_range(argument, found as f64, found > 0, "at least 1");
        positive("outputs", outputs)?;
        positive("inputs", inputs)?;
        if !(1..=MOST_DIMENSIONS).contains(&size.len()) {
            return Err(Error::Unsupported {
                what: "a kernel of that many dimensions",
                reason: "1 to 3 spatial dimensions are",
            });
        }
        if stride.len() != size.len() {
            return Err(core_tensor::Error::Shape {
                argument: "stride",
                found: vec![stride.len()],
                expected: vec![size.len()],
                reason: "it has one entry per spatial dimension",
            }
            .into());
        }
        size.iter().try_for_each(|&k| positive("size", k))?;
        stride.iter().try_for_each(|&s| positive("stride", s))?;
        Ok(Self { outputs, inputs, groups: 1, size: size.to_vec(), stride: stride.to_vec() })
    }

    /// The geometry of `kernel` (M × C × k…) with one `stride` for all dimensions.
    ///
    /// # Errors
    /// As [`Geometry::new`]; a kernel with an entry that is not finite.
    pub fn of<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, stride: usize) -> Result<Self> {
        let shape = kernel.shape();
        if shape.len() < 3 {
            return Err(Error::Unsupported {
                what: "an array of fewer than 3 dimensions",
                reason: "kernels are (outputs, inputs, size…)",
            });
        }
        check_finite("kernel", kernel)?;
        Self::new(shape[0], shape[1], &shape[2..], &vec![stride; shape.len() - 2])
    }

    /// The same layer in `groups` groups: `inputs` then counts all of them, so that kernels are (M, C/g, k…).
    ///
    /// # Errors
    /// A number that does not divide both M and C.
    pub fn grouped(mut self, groups: usize) -> Result<Self> {
        let divides = groups > 0 && self.outputs.is_multiple_of(groups) && self.inputs.is_multiple_of(groups);
        core_tensor::check_range("groups", groups as f64, divides, "a divisor of both numbers of channels")?;
        self.groups = groups;
        Ok(self)
    }

    /// Accepts a dilation: without stride, L_orth is that of the undilated kernel, and so is the set of singular values for signals
    /// whose length has no divisor in common with the dilation.
    ///
    /// # Errors
    /// A dilation other than 1 together with a stride other than 1, and 0.
    pub fn check_dilation(&self, dilation: usize) -> Result<()> {
        core_tensor::check_range("dilation", dilation as f64, dilation > 0, "at least 1")?;
        if dilation > 1 && self.stride.iter().any(|&s| s > 1) {
            return Err(Error::Unsupported {
                what: "dilation together with stride",
                reason: "its phases do not separate",
            });
        }
        Ok(())
    }

    /// M.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// C, of all groups.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of groups.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The kernel's size, per dimension.
    #[must_use]
    pub fn size(&self) -> &[usize] {
        &self.size
    }

    /// The stride, per dimension.
    #[must_use]
    pub fn stride(&self) -> &[usize] {
        &self.stride
    }

    /// The number of spatial dimensions.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.size.len()
    }

    /// The kernel's shape (M, C/g, k…).
    #[must_use]
    pub fn kernel_shape(&self) -> Vec<usize> {
        let mut shape = vec![self.outputs, self.inputs / self.groups];
        shape.extend_from_slice(&self.size);
        shape
    }

    /// One group on its own.
    #[must_use]
    pub fn group(&self) -> Self {
        Self { outputs: self.outputs / self.groups, inputs: self.inputs / self.groups, groups: 1, ..self.clone() }
    }

    /// C' = C Πs of one group: the channels after cutting the input into its phases.
    #[must_use]
    pub fn phase_channels(&self) -> usize {
        self.inputs / self.groups * self.stride.iter().product::<usize>()
    }

    /// k' = ⌈k/s⌉ per dimension: the kernel's size after cutting.
    #[must_use]
    pub fn reduced_size(&self) -> Vec<usize> {
        self.size.iter().zip(&self.stride).map(|(k, s)| k.div_ceil(*s)).collect()
    }

    /// Which product can be the identity.
    #[must_use]
    pub fn regime(&self) -> Regime {
        match (self.outputs / self.groups).cmp(&self.phase_channels()) {
            std::cmp::Ordering::Less => Regime::Row,
            std::cmp::Ordering::Greater => Regime::Column,
            std::cmp::Ordering::Equal => Regime::Square,
        }
    }

    /// Checks that `kernel` has this geometry.
    pub(crate) fn check<T: Scalar, D: Dimension>(&self, argument: &'static str, kernel: &ArrayRef<T, D>) -> Result<()> {
        let expected = self.kernel_shape();
        if kernel.shape() != expected.as_slice() {
            let reason = "kernels are (outputs, inputs per group, size…) of the geometry";
            return Err(core_tensor::Error::Shape { argument, found: kernel.shape().to_vec(), expected, reason }.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array4;

    #[test]
    fn regimes_follow_from_channels_and_stride() {
        let regime = |m, c, k, s| Geometry::new(m, c, &[k, k], &[s, s]).unwrap().regime();
        assert_eq!(
            [regime(4, 2, 3, 1), regime(8, 2, 3, 2), regime(7, 2, 3, 2)],
            [Regime::Column, Regime::Square, Regime::Row]
        );
        let strided = Geometry::new(8, 3, &[7, 5], &[2, 3]).unwrap();
        assert_eq!((strided.phase_channels(), strided.reduced_size()), (18, vec![4, 2]));
        let depthwise = Geometry::new(6, 6, &[3], &[1]).unwrap().grouped(6).unwrap();
        assert_eq!((depthwise.kernel_shape(), depthwise.regime()), (vec![6, 1, 3], Regime::Square));
    }

    #[test]
    fn what_is_no_layer_is_refused() {
        let text = |found: Result<Geometry>| found.unwrap_err().to_string();
        assert_eq!(text(Geometry::new(0, 1, &[3], &[1])), "`outputs` is 0; it must be at least 1");
        assert_eq!(text(Geometry::new(1, 1, &[3, 0], &[1, 1])), "`size` is 0; it must be at least 1");
        assert!(text(Geometry::new(1, 1, &[3, 3], &[1])).starts_with("`stride` has shape [1], but [2] is needed"));
        assert!(Geometry::new(1, 1, &[], &[]).is_err() && Geometry::new(1, 1, &[1; 4], &[1; 4]).is_err());
        let layer = Geometry::new(4, 6, &[3], &[2]).unwrap();
        assert_eq!(text(layer.clone().grouped(3)), "`groups` is 3; it must be a divisor of both numbers of channels");
        assert!(
            layer.check_dilation(2).is_err() && layer.check_dilation(1).is_ok() && layer.check_dilation(0).is_err()
        );
        let mut kernel = Array4::<f32>::zeros((1, 1, 2, 2));
        kernel[[0, 0, 1, 0]] = f32::NAN;
        assert_eq!(text(Geometry::of(&kernel, 1)), "`kernel` holds NaN at [0, 0, 1, 0]; every entry must be finite");
        assert!(Geometry::of(&ndarray::Array2::<f64>::zeros((2, 2)), 1).is_err());
    }
}
