//! What a bound does to weights: figures of plain and companded normal weights, and of their rounding to few bits.

use compander::{Arctan, Compander, UniformGrid, WeightReport};
use core_tensor::random::{normal_array, rng};
use ndarray::Array1;
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let latent: Array1<f64> = normal_array(&mut rng(1), 100_000);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:>8} {:>10} {:>10} {:>10} {:>12} {:>12}",
        "bound", "deviation", "kurtosis", "peak", "exact dev.", "noise, 3 bit"
    )?;
    for bound in [8.0, 3.0, 1.5, 1.0] {
        let compander = Compander::with_bound(Arctan, bound, 1.0)?;
        let report = WeightReport::companded(&compander, &latent)?;
        let exact = compander.distribution(1.0)?;
        let weights = compander.compand(&latent);
        let noise = UniformGrid::symmetric(3, bound)?.mean_squared_error(&weights) / exact.variance;
        let (deviation, kurtosis, peak) = (report.deviation, report.excess_kurtosis, report.peak);
        writeln!(
            out,
            "{bound:8.1} {deviation:10.4} {kurtosis:10.3} {peak:10.2} {:12.4} {noise:12.4}",
            exact.variance.sqrt()
        )?;
    }
    Ok(())
}
