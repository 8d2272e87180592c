//! The companding function as tensor operations.

use burn::tensor::Tensor;

/// A family by value: the tensor form of the crate's bounded functions and of [`Asinh`](crate::Asinh).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// [`Arctan`](crate::Arctan).
    #[default]
    Arctan,
    /// [`Tanh`](crate::Tanh).
    Tanh,
    /// [`Softsign`](crate::Softsign).
    Softsign,
    /// [`Algebraic`](crate::Algebraic).
    Algebraic,
    /// [`ErrorFunction`](crate::ErrorFunction).
    ErrorFunction,
    /// [`Asinh`](crate::Asinh).
    Asinh,
}

impl Family {
    /// ψ(u), entry by entry.
    pub fn value<const D: usize>(self, u: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Arctan => u.atan(),
            Self::Tanh => u.tanh(),
            Self::Softsign => u.clone() / u.abs().add_scalar(1.0),
            Self::Algebraic => u.clone() / u.square().add_scalar(1.0).sqrt(),
            Self::ErrorFunction => u.erf(),
            Self::Asinh => u.asinh(),
        }
    }
}
