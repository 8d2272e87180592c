//! Which pixels of handwritten digits does a classifier need? Multinomial regression on 8 × 8 images with a budget of pixels.

use core_optim::SmoothObjective;
use core_optim::loss::Multinomial;
use ndarray::{Array2, ArrayRef1, Axis, Slice};
use std::io::Write;
use wgsef::{Groups, Solver, Wgsef};

/// Mean loss of X W (n × 10) for W (64 × 10) in row-major order.
struct Classifier {
    x: Array2<f64>,
    loss: Multinomial,
}

impl Classifier {
    fn predictors(&self, w: &ArrayRef1<f64>) -> Array2<f64> {
        let w = Array2::from_shape_fn((self.x.ncols(), 10), |(i, c)| w[10 * i + c]);
        self.x.dot(&w)
    }
}

impl SmoothObjective<f64> for Classifier {
    fn dimension(&self) -> usize {
        10 * self.x.ncols()
    }

    fn value(&mut self, w: &ArrayRef1<f64>) -> f64 {
        self.loss.value(&self.predictors(w)).unwrap_or(f64::NAN) / self.x.nrows() as f64
    }

    fn value_and_gradient_into(&mut self, w: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        let n = self.x.nrows() as f64;
        let z = self.predictors(w);
        let mut slopes = Array2::zeros(z.dim());
        let value = self.loss.value_and_gradient_into(&z, &mut slopes).unwrap_or(f64::NAN);
        let product = self.x.t().dot(&slopes);
        gradient.iter_mut().zip(&product).for_each(|(out, &v)| *out = v / n);
        value / n
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let digits = datasets::digits();
    let mut x = digits.x.mapv(|v| v / 16.0);
    let mean = x.mean_axis(Axis(0)).ok_or("no images")?;
    x -= &mean;
    let labels: Vec<usize> = digits.label.iter().map(|&label| usize::from(label)).collect();
    let part = |range: Slice| x.slice_axis(Axis(0), range).to_owned();
    let mut train = Classifier { x: part(Slice::from(..1200)), loss: Multinomial::new(10, &labels[..1200])? };
    let test = Classifier { x: part(Slice::from(1200..)), loss: Multinomial::new(10, &labels[1200..])? };
    let accuracy = |w: &ArrayRef1<f64>| {
        let z = test.predictors(w);
        let best =
            |row: ndarray::ArrayView1<'_, f64>| (0..10).fold(0, |best, c| if row[c] > row[best] { c } else { best });
        let right = z.rows().into_iter().zip(&labels[1200..]).filter(|(row, label)| best(*row) == **label).count();
        right as f64 / z.nrows() as f64
    };
    // Each pixel's ten coefficients are a group; sixteen pixels may stay.
    let omega = Wgsef::new(Groups::uniform(64, 10)?, 16)?;
    let solver = Solver::new().tolerance(1e-4).max_iterations(2000).ridge(1e-3);
    for fit in solver.lambda_path(&mut train, &omega, &[1e-1, 1e-2, 1e-3])? {
        let cut = solver.refit(&mut train, &omega, &fit.w)?;
        writeln!(
            out,
            "λ = {:<6} {} pixels, test accuracy {:.3}; cut to {} and refitted: {:.3}",
            fit.lambda,
            fit.kept.len(),
            accuracy(&fit.w),
            cut.kept.len(),
            accuracy(&cut.w)
        )?;
        if fit.lambda == 1e-2 {
            for row in 0..8 {
                let line: String = (0..8).map(|c| if cut.kept.contains(&(8 * row + c)) { '#' } else { '.' }).collect();
                writeln!(out, "  {line}")?;
            }
        }
    }
    Ok(())
}
