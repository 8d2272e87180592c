//! E2: pixels of handwritten digits.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use core_optim::SmoothObjective;
use core_optim::loss::Multinomial;
use core_tensor::linalg::SymmetricEigen;
use core_tensor::random::{permutation, rng};
use ndarray::{Array1, Array2, ArrayRef1, Axis};
use serde_json::json;
use wgsef::{Groups, Solver, Wgsef};

pub(crate) const DIGITS: Experiment =
    Experiment { name: "wgsef-digits", title: "Pixels of digits under a budget", run: digits };

const CLASSES: usize = 10;
const TRAIN: usize = 1200;
const SEEDS: u64 = 3;
/// Decreasing: each fit starts from the last one's.
const LEVELS: [f64; 4] = [1e-1, 1e-2, 1e-3, 1e-4];
const BUDGETS: [usize; 2] = [10, 20];
const CUTS: [usize; 5] = [5, 8, 12, 16, 24];

struct Classifier {
    x: Array2<f64>,
    labels: Vec<usize>,
    loss: Multinomial,
}

impl Classifier {
    fn new(x: Array2<f64>, labels: Vec<usize>) -> Outcome<Self> {
        Ok(Self { loss: Multinomial::new(CLASSES, &labels)?, x, labels })
    }

    fn predictors(&self, w: &ArrayRef1<f64>) -> Array2<f64> {
        let w = Array2::from_shape_fn((self.x.ncols(), CLASSES), |(i, c)| w[CLASSES * i + c]);
        self.x.dot(&w)
    }

    fn accuracy(&self, w: &ArrayRef1<f64>) -> f64 {
        let z = self.predictors(w);
        let right = z.rows().into_iter().zip(&self.labels).filter(|(row, label)| {
            (0..CLASSES).fold(0, |best, c| if row[c] > row[best] { c } else { best }) == **label
        });
        right.count() as f64 / z.nrows() as f64
    }
}

impl SmoothObjective<f64> for Classifier {
    fn dimension(&self) -> usize {
        CLASSES * self.x.ncols()
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

struct Found {
    /// For each budget and level: loss, accuracy, kept.
    fits: Vec<(f64, f64, usize)>,
    /// For each cut: accuracy by WGSEF and by magnitude.
    cuts: Vec<(f64, f64)>,
}

fn one(seed: u64) -> Outcome<Found> {
    let data = datasets::digits();
    let order = permutation(&mut rng(seed), data.x.nrows());
    let mut x = data.x.select(Axis(0), &order).mapv(|v| v / 16.0);
    let mean = x.mean_axis(Axis(0)).ok_or("no images")?;
    x -= &mean;
    let labels: Vec<usize> = order.iter().map(|&i| usize::from(data.label[i])).collect();
    let part = |rows: std::ops::Range<usize>| x.select(Axis(0), &rows.collect::<Vec<_>>());
    let mut train = Classifier::new(part(0..TRAIN), labels[..TRAIN].to_vec())?;
    let test = Classifier::new(part(TRAIN..x.nrows()), labels[TRAIN..].to_vec())?;
    // The loss's curvature is at most 1/2 in each predictor.
    let mut eigen = SymmetricEigen::new(x.ncols());
    eigen.factorise(&(train.x.t().dot(&train.x) / TRAIN as f64))?;
    let lipschitz = 0.5 * eigen.values()?.iter().fold(0.0_f64, |m, v| m.max(*v));
    let solver = Solver::new().tolerance(1e-6).lipschitz(lipschitz).max_iterations(1500).ridge(1e-3);
    let omega = |k: usize| -> Outcome<Wgsef> { Ok(Wgsef::new(Groups::uniform(x.ncols(), CLASSES)?, k)?) };
    let mut fits = Vec::new();
    for k in BUDGETS {
        for fit in solver.lambda_path(&mut train, &omega(k)?, &LEVELS)? {
            let loss = train.value(&fit.w);
            fits.push((loss, test.accuracy(&fit.w), fit.kept.len()));
        }
    }
    let dense: Array1<f64> = solver.fit(&mut train, &omega(x.ncols())?, 1e-3)?.w;
    let mut cuts = Vec::new();
    for k in CUTS {
        let omega = omega(k)?;
        let sparse = solver.fit(&mut train, &omega, 1e-2)?.w;
        let ours = solver.refit(&mut train, &omega, &sparse)?;
        let magnitude = solver.refit(&mut train, &omega, &dense)?;
        cuts.push((test.accuracy(&ours.w), test.accuracy(&magnitude.w)));
    }
    Ok(Found { fits, cuts })
}

fn digits() -> Outcome<Findings> {
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let found = for_all("digits", &seeds, |&seed| one(seed))?;
    let mean = |get: &dyn Fn(&Found) -> f64| found.iter().map(get).sum::<f64>() / found.len() as f64;
    let mut fits =
        Table::new("regularised fits, means over seeds", &["k", "λ", "loss", "test accuracy", "kept pixels"]);
    for (number, (k, lambda)) in BUDGETS.iter().flat_map(|k| LEVELS.map(|lambda| (*k, lambda))).enumerate() {
        fits.row([
            k.to_string(),
            lambda.to_string(),
            format!("{:.3}", mean(&|f| f.fits[number].0)),
            format!("{:.3}", mean(&|f| f.fits[number].1)),
            format!("{:.1}", mean(&|f| f.fits[number].2 as f64)),
        ]);
    }
    let title = "test accuracy after the cut to k pixels and a refit (ridge 0.001)";
    let mut cuts = Table::new(title, &["k", "WGSEF, λ = 0.01", "magnitude of the dense fit"]);
    for (number, k) in CUTS.iter().enumerate() {
        let (ours, magnitude) = (mean(&|f| f.cuts[number].0), mean(&|f| f.cuts[number].1));
        cuts.row([k.to_string(), format!("{ours:.3}"), format!("{magnitude:.3}")]);
    }
    let at = |f: &Found, k: usize| {
        f.fits[k * LEVELS.len()..(k + 1) * LEVELS.len()].iter().map(|fit| fit.2).collect::<Vec<_>>()
    };
    let falls = found.iter().all(|f| (0..2).all(|k| at(f, k).windows(2).all(|two| two[0] <= two[1])));
    let enough = found.iter().all(|f| (0..2).all(|k| at(f, k).iter().all(|kept| *kept >= BUDGETS[k])));
    let small: Vec<usize> = (0..CUTS.len()).filter(|&number| CUTS[number] <= 12).collect();
    let better = small.iter().all(|&number| mean(&|f| f.cuts[number].0) > mean(&|f| f.cuts[number].1));
    let leads: Vec<String> = small
        .iter()
        .map(|&number| format!("{:+.3} at k = {}", mean(&|f| f.cuts[number].0 - f.cuts[number].1), CUTS[number]))
        .collect();
    Ok(Findings {
        setting: "Handwritten digits, 8 × 8 pixels, divided by 16 and centred; 1200 rows to train, 597 to test; multinomial regression, a pixel's ten coefficients are a group.".to_owned(),
        seeds: format!("permutations 1 to {SEEDS}"),
        claims: vec![
            Claim::new("the kept count falls as λ grows", "for every seed and both budgets", if falls { "it does" } else { "it does not" }, Verdict::of(falls)),
            Claim::new("at least k pixels stay", "for every seed, budget and λ", if enough { "they do" } else { "they do not" }, Verdict::of(enough)),
            Claim::new("cut and refitted, WGSEF's pixels are better than the largest of a dense fit", "on average at k ≤ 12", leads.join(", "), Verdict::of(better)),
        ],
        tables: vec![fits, cuts],
        charts: Vec::new(),
        runs: found.iter().map(|f| json!({"fits": f.fits, "cuts": f.cuts})).collect(),
    })
}
