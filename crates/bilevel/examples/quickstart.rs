//! Penalties and a regulariser learned from real data: `cargo run --release --example quickstart`.

use bilevel::problems::{TotalVariation, Variation};
use bilevel::tune::{Ridge, RidgeCriterion, tune_ridge};
use bilevel::{Error, Implicit, Maid, Samples};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array2, Axis, Slice, array};
use std::io::Write;

fn main() -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| writeln!(out, "{line}").unwrap_or_default();

    // Ridge regression on the diabetes data: one penalty, then one for each variable, by exact leave-one-out errors.
    let data = datasets::diabetes();
    let mut x = data.x;
    for mut column in x.axis_iter_mut(Axis(1)) {
        let mean = column.sum() / column.len() as f64;
        column -= mean;
        let deviation = (column.iter().map(|v| v * v).sum::<f64>() / column.len() as f64).sqrt();
        column /= deviation;
    }
    let y = &data.y - data.y.sum() / data.y.len() as f64;
    let each: Vec<usize> = (0..x.ncols()).collect();
    for (words, groups) in [("one penalty", vec![0; x.ncols()]), ("ten penalties", each)] {
        let ridge = Ridge::new(x.clone(), y.clone(), &groups, RidgeCriterion::LeaveOneOut)?;
        let fit = tune_ridge(&ridge, Some((-15.0, 15.0)), None)?;
        let rounded = fit.theta.mapv(|t| (10.0 * t).round() / 10.0);
        say(format!("{words}: half the mean squared leave-one-out error {:.2}, log penalties {rounded}", fit.value));
    }

    // Weight and smoothing of total variation, from noisy crops of photographs.
    let images = datasets::photographs();
    let samples = [0, 4, 5, 6].map(|k| {
        let crop = images.index_axis(Axis(0), k);
        let crop = crop.slice_axis(Axis(0), Slice::from(..48)).slice_axis(Axis(1), Slice::from(..48)).to_owned();
        let truth = crop.mapv(|v| f64::from(v) / 255.0);
        let noise: Array2<f64> = normal_array(&mut rng(k as u64), truth.dim());
        Implicit::new(TotalVariation::new(&truth + &(noise * 0.1), truth, Variation::Isotropic)?)
    });
    let mut oracle = Samples::new(samples.into_iter().collect::<Result<Vec<_>, _>>()?)?;
    let fit = Maid::fast().max_iterations(40).minimise(&mut oracle, &array![-3.0, -3.0])?;
    say(format!(
        "denoising: loss {:.3}, certainly between {:.3} and {:.3}, at log weight {:.2} and log smoothing {:.2}; {} steps, {} gradients and \
         products",
        fit.value,
        fit.bounds.lower,
        fit.bounds.upper,
        fit.theta[0],
        fit.theta[1],
        fit.iterations,
        fit.cost.total()
    ));
    Ok(())
}
