//! A lasso path on the diabetes data, digits by multinomial regression, and labels spread over two moons.

use bcd::{Bcd, Graph, LabelPropagation, LinearLoss, Penalty, Problem, Softmax, lambda_max};
use core_optim::design::{Dense, Standardised};
use core_optim::prox::L1;
use ndarray::{Axis, Slice};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let diabetes = datasets::diabetes();
    let dense = Dense::new(&diabetes.x)?;
    let x = Standardised::unit_variance(&dense)?;
    let mean = diabetes.y.mean().unwrap_or(0.0);
    let f = LinearLoss::least_squares(&x, &diabetes.y.mapv(|y| y - mean))?;
    let unit = Penalty::from(L1::new(1.0)?);
    let largest = lambda_max(&Problem::new(&f, &unit)?)?.unwrap_or(1.0);
    writeln!(out, "diabetes: which features enter the model, and when")?;
    let levels: Vec<f64> = (0..6).map(|k| largest * 0.9 * 0.4_f64.powi(k)).collect();
    let penalties: Vec<Penalty<f64>> = levels.iter().map(|&l| Ok(L1::new(l)?.into())).collect::<bcd::Result<_>>()?;
    for (level, fit) in levels.iter().zip(Bcd::new().tolerance(1e-9).fit_path(&f, penalties)?) {
        let names: Vec<&str> = fit.support.iter().map(|&j| diabetes.names[j]).collect();
        let gap = fit.certificate.gap.unwrap_or(f64::NAN);
        writeln!(
            out,
            "  λ/λmax {:.3}: {} updates, gap {gap:.0e}, {}",
            level / largest,
            fit.iterations,
            names.join(" ")
        )?;
    }

    let digits = datasets::digits();
    let pixels = digits.x.mapv(|v| v / 16.0);
    let split = |range: Slice| pixels.slice_axis(Axis(0), range);
    let (train, test) = (split(Slice::from(..1400)), split(Slice::from(1400..)));
    let (train, test) = (Dense::new(&train)?, Dense::new(&test)?);
    let labels: Vec<usize> = digits.label.iter().map(|&l| usize::from(l)).collect();
    let softmax = Softmax::new(&train, &labels[..1400], 10)?.with_ridge(1.0)?;
    let fit = Bcd::new().tolerance(1e-5).fit(&softmax, &Penalty::None)?;
    let guess = softmax.predict(&test, &fit.x)?;
    let right = guess.iter().zip(&labels[1400..]).filter(|(a, b)| a == b).count();
    writeln!(out, "digits: {right} of {} test images right after {} block updates", guess.len(), fit.iterations)?;

    let moons = datasets::bcd::moons();
    let edges: Vec<(usize, usize, f64)> = moons.edges.iter().map(|&(i, j)| (i, j, 1.0)).collect();
    let graph = Graph::new(moons.class.len(), &edges)?;
    let given: Vec<(usize, f64)> = moons.labelled.iter().map(|&i| (i, f64::from(moons.class[i]))).collect();
    let found = LabelPropagation::new(&graph, &given)?.solve(1e-10)?;
    let right = found.values.iter().zip(&moons.class).filter(|(v, c)| (**v > 1.5) == (**c == 2)).count();
    writeln!(
        out,
        "two moons: {right} of 2000 nodes right from 100 labels, {:?}, {} iterations",
        found.method, found.iterations
    )?;
    Ok(())
}
