//! Which loss, which rows, which reduction.

use crate::{FloatType, Link, Result};

/// A cross-entropy loss of one row z with label y.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Loss {
    /// StableMax cross-entropy in its rest-mass form: no exponential, no absorption.
    StableMax,
    /// Cross-entropy of the heavy-tail family with exponent q.
    HeavyTail {
        /// The exponent, finite and > 0; 1 is StableMax.
        q: f64,
    },
    /// Softmax cross-entropy through the mass that is not on the label: full relative accuracy until the exponential underflows
    /// (gaps of about 103 in `f32`, 745 in `f64`).
    SoftmaxRestMass,
    /// Softmax cross-entropy as textbooks and libraries write it, in the arithmetic of a float type: collapses to exactly 0 when
    /// the other classes are absorbed (gaps of about 17 in `f32`, 37 in `f64`).
    SoftmaxTextbook(FloatType),
    /// Cross-entropy of the Taylor softmax of even order.
    Taylor {
        /// Even, 2 to 32.
        order: usize,
    },
}

impl Loss {
    /// The link whose probabilities the loss is about.
    #[must_use]
    pub fn link(&self) -> Link {
        match *self {
            Self::StableMax => Link::StableMax,
            Self::HeavyTail { q } => Link::HeavyTail { q },
            Self::SoftmaxRestMass | Self::SoftmaxTextbook(_) => Link::Softmax,
            Self::Taylor { order } => Link::Taylor { order },
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        self.link().validate()
    }
}

/// How the losses of the rows become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reduction {
    /// Divided by the sum of the weights of the rows that count (by their number when there are no weights).
    #[default]
    Mean,
    /// Weighted sum.
    Sum,
}

/// The labels of n rows, with optional weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Targets<'a> {
    pub(crate) labels: &'a [usize],
    pub(crate) weights: Option<&'a [f64]>,
}

impl<'a> Targets<'a> {
    /// One label per row.
    #[must_use]
    pub fn new(labels: &'a [usize]) -> Self {
        Self { labels, weights: None }
    }

    /// One finite weight ≥ 0 per row.
    #[must_use]
    pub fn weighted(labels: &'a [usize], weights: &'a [f64]) -> Self {
        Self { labels, weights: Some(weights) }
    }
}

impl<'a> From<&'a [usize]> for Targets<'a> {
    fn from(labels: &'a [usize]) -> Self {
        Self::new(labels)
    }
}

impl<'a> From<&'a Vec<usize>> for Targets<'a> {
    fn from(labels: &'a Vec<usize>) -> Self {
        Self::new(labels)
    }
}

impl<'a, const N: usize> From<&'a [usize; N]> for Targets<'a> {
    fn from(labels: &'a [usize; N]) -> Self {
        Self::new(labels)
    }
}
