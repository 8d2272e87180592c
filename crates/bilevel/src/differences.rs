//! Products with second derivatives by central differences of gradients.

use crate::LowerLevel;
use crate::vector::norm;
use ndarray::{Array1, ArrayRef1};

/// Balances truncation h² against rounding ε/h.
fn step(at: f64, along: f64) -> f64 {
    f64::EPSILON.cbrt() * (1.0 + at) / along
}

pub(crate) fn hessian_vector_into(
    problem: &mut (impl LowerLevel + ?Sized),
    x: &ArrayRef1<f64>,
    theta: &ArrayRef1<f64>,
    v: &ArrayRef1<f64>,
    out: &mut ArrayRef1<f64>,
) {
    let length = norm(v);
    if length == 0.0 {
        out.fill(0.0);
        return;
    }
    let h = step(norm(x), length);
    let (mut moved, mut below) = (x.to_owned(), Array1::zeros(x.len()));
    moved.scaled_add(h, v);
    problem.value_and_gradient_into(&moved, theta, out);
    moved.scaled_add(-2.0 * h, v);
    problem.value_and_gradient_into(&moved, theta, &mut below);
    out.zip_mut_with(&below, |above, below| *above = (*above - below) / (2.0 * h));
}

pub(crate) fn cross_into(
    problem: &mut (impl LowerLevel + ?Sized),
    x: &ArrayRef1<f64>,
    theta: &ArrayRef1<f64>,
    t: &ArrayRef1<f64>,
    out: &mut ArrayRef1<f64>,
) {
    let length = norm(t);
    if length == 0.0 {
        out.fill(0.0);
        return;
    }
    let h = step(norm(theta), length);
    let (mut moved, mut below) = (theta.to_owned(), Array1::zeros(x.len()));
    moved.scaled_add(h, t);
    problem.value_and_gradient_into(x, &moved, out);
    moved.scaled_add(-2.0 * h, t);
    problem.value_and_gradient_into(x, &moved, &mut below);
    out.zip_mut_with(&below, |above, below| *above = (*above - below) / (2.0 * h));
}

pub(crate) fn cross_transposed_into(
    problem: &mut (impl LowerLevel + ?Sized),
    x: &ArrayRef1<f64>,
    theta: &ArrayRef1<f64>,
    q: &ArrayRef1<f64>,
    out: &mut ArrayRef1<f64>,
) {
    let (mut moved, mut gradient) = (theta.to_owned(), Array1::zeros(x.len()));
    for i in 0..theta.len() {
        let h = step(theta[i].abs(), 1.0);
        moved[i] = theta[i] + h;
        problem.value_and_gradient_into(x, &moved, &mut gradient);
        let above = gradient.dot(q);
        moved[i] = theta[i] - h;
        problem.value_and_gradient_into(x, &moved, &mut gradient);
        out[i] = (above - gradient.dot(q)) / (2.0 * h);
        moved[i] = theta[i];
    }
}
