//! A network of two dense layers with explicit gradients.

use core_tensor::random::{Streams, normal_array};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, Axis, Ix1, Ix2};

use crate::experiment::Outcome;

/// W₁ (hidden × inputs), b₁, W₂ (classes × hidden), b₂; ReLU between, softmax at the end.
#[derive(Clone)]
pub(super) struct Network {
    pub(super) tensors: [ArrayD<f32>; 4],
}

/// Weights and bias of the first layer, then of the second.
type Parts<'a> = (ArrayView2<'a, f32>, Array1<f32>, ArrayView2<'a, f32>, Array1<f32>);

impl Network {
    /// Normal weights of variance 2 / inputs, no biases.
    pub(super) fn new(inputs: usize, hidden: usize, classes: usize, streams: &Streams) -> Self {
        let weight = |rows: usize, columns: usize, stream: u64| {
            let scale = (2.0 / columns as f32).sqrt();
            (normal_array::<f32, _, _>(&mut streams.stream(stream), (rows, columns)) * scale).into_dyn()
        };
        let bias = |length: usize| Array1::<f32>::zeros(length).into_dyn();
        Self { tensors: [weight(hidden, inputs, 0), bias(hidden), weight(classes, hidden, 1), bias(classes)] }
    }

    fn parts(&self) -> Outcome<Parts<'_>> {
        let [w1, b1, w2, b2] = &self.tensors;
        Ok((
            w1.view().into_dimensionality::<Ix2>()?,
            b1.clone().into_dimensionality::<Ix1>()?,
            w2.view().into_dimensionality::<Ix2>()?,
            b2.clone().into_dimensionality::<Ix1>()?,
        ))
    }

    /// Gradients of the mean cross-entropy of a batch.
    pub(super) fn gradients(&self, x: &Array2<f32>, labels: &[usize]) -> Outcome<[ArrayD<f32>; 4]> {
        let (w1, b1, w2, b2) = self.parts()?;
        let hidden = (x.dot(&w1.t()) + &b1).mapv(|v| v.max(0.0));
        let mut slopes = hidden.dot(&w2.t()) + &b2;
        let n = x.nrows() as f32;
        for (mut row, &label) in slopes.rows_mut().into_iter().zip(labels) {
            let largest = row.fold(f32::NEG_INFINITY, |m, v| m.max(*v));
            row.mapv_inplace(|v| (v - largest).exp());
            let sum = row.sum();
            row.mapv_inplace(|v| v / sum / n);
            row[label] -= 1.0 / n;
        }
        let mut back = slopes.dot(&w2);
        back.zip_mut_with(&hidden, |b, &h| {
            if h <= 0.0 {
                *b = 0.0;
            }
        });
        Ok([
            back.t().dot(x).into_dyn(),
            back.sum_axis(Axis(0)).into_dyn(),
            slopes.t().dot(&hidden).into_dyn(),
            slopes.sum_axis(Axis(0)).into_dyn(),
        ])
    }

    pub(super) fn accuracy(&self, x: &Array2<f32>, labels: &[usize]) -> Outcome<f64> {
        let (w1, b1, w2, b2) = self.parts()?;
        let z = (x.dot(&w1.t()) + &b1).mapv(|v| v.max(0.0)).dot(&w2.t()) + &b2;
        let right = z.rows().into_iter().zip(labels).filter(|(row, label)| {
            (0..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best }) == **label
        });
        Ok(right.count() as f64 / labels.len() as f64)
    }
}
