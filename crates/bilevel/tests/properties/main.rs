//! Theorems and identities, on generated problems.

mod certificates;
mod derivatives;
mod descent;
mod responses;
mod tuners;

use bilevel::problems::{Quadratic, TotalVariation, Variation};
use core_tensor::random::{normal_array, rng, uniform_array};
use ndarray::{Array1, Array2};

/// The generator of the published experiment: `n` rows, N = d = `size`.
fn quadratic(n: usize, size: usize, seed: u64) -> Quadratic {
    let mut random = rng(seed);
    let mut uniform = |shape: (usize, usize)| -> Array2<f64> { uniform_array(&mut random, shape) };
    let (a1, a2, a3) = (uniform((n, size)), uniform((n, size)), uniform((n, size)));
    let (x1, x2, t) = (uniform((size, 1)), uniform((size, 1)), uniform((size, 1)));
    let noise: Array2<f64> = normal_array(&mut random, (n, 2));
    let b1 = a1.dot(&x1).column(0).to_owned() + &(&noise.column(0) * 0.01);
    let b2 = (a2.dot(&x2) + a3.dot(&t)).column(0).to_owned() + &(&noise.column(1) * 0.01);
    Quadratic::new((a1, b1), (a2, a3, b2), 0.5).expect("a problem")
}

/// A step with noise.
fn picture(height: usize, width: usize, variation: Variation, seed: u64) -> TotalVariation {
    let truth = Array2::from_shape_fn((height, width), |(i, j)| if 2 * i + j > width { 0.8 } else { 0.2 });
    let noise: Array2<f64> = normal_array(&mut rng(seed), (height, width));
    TotalVariation::new(&truth + &(noise * 0.1), truth, variation).expect("a problem")
}

fn norm(x: &Array1<f64>) -> f64 {
    x.dot(x).sqrt()
}
