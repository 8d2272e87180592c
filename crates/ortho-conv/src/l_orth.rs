//! The regulariser L_orth (section 3), without subtraction: `‖R - I₀‖²` of the smaller side.

use crate::frequency_form::FrequencyForm;
use crate::lag_form::LagForm;
use crate::polyphase::Polyphase;
use crate::{Geometry, Result};
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{Array, ArrayRef, Dimension};

/// How the self-correlation is computed; both give the same value to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Lag by lag, in space.
    Lags,
    /// Frequency by frequency.
    Frequencies,
}

/// L_orth of kernels of one geometry, with its gradient.
///
/// ```text
/// R[m, m', δ] = Σ_{c,a} K[m, c, a] K[m', c, a + s δ]        E = R - I₀
/// L_orth = ‖E‖² - max(0, M - C s^D)
/// ```
///
/// It is ≥ 0, and 0 just for orthogonal layers. Where M > C s^D the published difference cancels; here it is computed as ‖E‖² of the
/// column correlation, which is the same number. All memory is allocated by [`LOrth::new`].
///
/// ```
/// use ndarray::Array4;
/// use ortho_conv::{Geometry, LOrth};
///
/// let mut regulariser = LOrth::new(&Geometry::new(2, 2, &[3, 3], &[1, 1])?);
/// let kernel = Array4::<f64>::zeros((2, 2, 3, 3));
/// assert!((regulariser.value(&kernel)? - 2.0).abs() < 1e-14);
/// # Ok::<(), ortho_conv::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LOrth<T> {
    geometry: Geometry,
    polyphase: Polyphase,
    form: FormOf<T>,
    array: Vec<T>,
    gradient: Vec<T>,
}

#[derive(Debug, Clone)]
enum FormOf<T> {
    Lags(LagForm<T>),
    Frequencies(Box<FrequencyForm<T>>),
}

impl<T: Scalar> LOrth<T> {
    /// In the form that was faster in measurements for such shapes.
    #[must_use]
    pub fn new(geometry: &Geometry) -> Self {
        Self::with_form(geometry, fastest(geometry))
    }

    /// In a form of your choice.
    #[must_use]
    pub fn with_form(geometry: &Geometry, form: Form) -> Self {
        let polyphase = Polyphase::new(geometry);
        let form = match form {
            Form::Lags => FormOf::Lags(LagForm::new(&polyphase)),
            Form::Frequencies => FormOf::Frequencies(Box::new(FrequencyForm::new(&polyphase))),
        };
        let zeros = vec![T::zero(); polyphase.len()];
        Self { geometry: geometry.clone(), polyphase, form, array: zeros.clone(), gradient: zeros }
    }

    /// The geometry.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The form.
    #[must_use]
    pub fn form(&self) -> Form {
        match self.form {
            FormOf::Lags(_) => Form::Lags,
            FormOf::Frequencies(_) => Form::Frequencies,
        }
    }

    /// L_orth of `kernel` (M × C/g × k…), summed over groups in `f64`. Does not allocate.
    ///
    /// # Errors
    /// Another shape; an entry that is not finite; a sum beyond the largest number of `T`.
    pub fn value<D: Dimension>(&mut self, kernel: &ArrayRef<T, D>) -> Result<f64> {
        self.check(kernel)?;
        let mut total = 0.0;
        for group in 0..self.geometry.groups() {
            self.polyphase.split_into(kernel, group, &mut self.array);
            total += match &mut self.form {
                FormOf::Lags(form) => form.value(&self.array)?,
                FormOf::Frequencies(form) => form.value(&self.array, false)?,
            };
        }
        finite(total)
    }

    /// L_orth, and its gradient in `gradient` (of the kernel's shape):
    /// `4 Σ_{m',δ} E[m, m', δ] K[m', c, a + s δ]`. Does not allocate.
    ///
    /// # Errors
    /// As [`LOrth::value`]; a gradient of another shape.
    pub fn value_and_gradient_into<D: Dimension, E: Dimension>(
        &mut self,
        kernel: &ArrayRef<T, D>,
        gradient: &mut ArrayRef<T, E>,
    ) -> Result<f64> {
        self.run(kernel, T::one(), false, gradient)
    }

    /// L_orth; `weight` times its gradient is added to `gradient`. Does not allocate.
    ///
    /// # Errors
    /// As [`LOrth::value_and_gradient_into`]; a weight that is not finite.
    pub fn add_gradient<D: Dimension, E: Dimension>(
        &mut self,
        kernel: &ArrayRef<T, D>,
        weight: f64,
        gradient: &mut ArrayRef<T, E>,
    ) -> Result<f64> {
        check_range("weight", weight, weight.is_finite(), "finite")?;
        self.run(kernel, <T as Scalar>::from_f64(weight), true, gradient)
    }

    fn run<D: Dimension, E: Dimension>(
        &mut self,
        kernel: &ArrayRef<T, D>,
        weight: T,
        add: bool,
        gradient: &mut ArrayRef<T, E>,
    ) -> Result<f64> {
        self.check(kernel)?;
        self.geometry.check("gradient", gradient)?;
        let mut total = 0.0;
        for group in 0..self.geometry.groups() {
            self.polyphase.split_into(kernel, group, &mut self.array);
            match &mut self.form {
                FormOf::Lags(form) => {
                    total += form.value(&self.array)?;
                    form.gradient_into(&self.array, &mut self.gradient)?;
                }
                FormOf::Frequencies(form) => {
                    total += form.value(&self.array, true)?;
                    form.gradient_into(&mut self.gradient)?;
                }
            }
            self.polyphase.join_into(&self.gradient, weight, add, group, gradient);
        }
        finite(total)
    }

    fn check<D: Dimension>(&self, kernel: &ArrayRef<T, D>) -> Result<()> {
        self.geometry.check("kernel", kernel)?;
        Ok(check_finite("kernel", kernel)?)
    }
}

/// L_orth of `kernel` (M × C × k…) at one stride for all dimensions; allocates its workspace.
///
/// # Errors
/// Fewer than three axes, an empty axis, an entry that is not finite.
pub fn l_orth<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, stride: usize) -> Result<f64> {
    LOrth::new(&Geometry::of(kernel, stride)?).value(kernel)
}

/// L_orth and its gradient; allocating form of [`LOrth::value_and_gradient_into`].
///
/// # Errors
/// As [`l_orth`].
pub fn l_orth_gradient<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, stride: usize) -> Result<(f64, Array<T, D>)> {
    let mut gradient = Array::zeros(kernel.raw_dim());
    let value = LOrth::new(&Geometry::of(kernel, stride)?).value_and_gradient_into(kernel, &mut gradient)?;
    Ok((value, gradient))
}

fn finite(total: f64) -> Result<f64> {
    check_range("L_orth", total, total.is_finite(), "below the largest number; scale the kernel")?;
    Ok(total)
}

/// Measured on kernels of 1 to 256 channels: spectra win for many taps, or for nine and more with 48 channels on the smaller side.
fn fastest(geometry: &Geometry) -> Form {
    let taps: usize = geometry.reduced_size().iter().product();
    let small = (geometry.outputs() / geometry.groups()).min(geometry.phase_channels());
    if taps >= 16 || (taps >= 9 && small >= 48) { Form::Frequencies } else { Form::Lags }
}
