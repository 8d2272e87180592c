//! X1: where minimising L_orth finds an orthogonal layer.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use chart::{Chart, Plot};
use core_optim::{Lbfgs, SmoothObjective, StoppingRule};
use core_tensor::random::{fill_uniform, rng};
use ndarray::{Array1, ArrayD, ArrayRef1, IxDyn};
use ortho_conv::{Geometry, LOrth, Padding, Regime, existence, extreme_singular_values};
use serde_json::json;

pub(crate) const EXISTENCE: Experiment = Experiment {
    name: "ortho-conv-existence",
    title: "Where orthogonal layers exist, and where descent finds them",
    run,
};

const CHANNELS: [usize; 5] = [1, 2, 4, 8, 16];
const SIZES: [usize; 3] = [1, 3, 5];
const STRIDES: [usize; 3] = [1, 2, 4];
const STARTS: u64 = 3;
const N: usize = 16;

/// One start of one architecture.
struct Run {
    geometry: Geometry,
    start: u64,
    exists: bool,
    least_l_orth: usize,
    l_orth: f64,
    sigma: (f64, f64),
}

impl Run {
    fn succeeded(&self) -> bool {
        self.sigma.0 >= 0.99 && self.sigma.1 <= 1.01
    }
}

struct Objective {
    l_orth: LOrth<f64>,
    kernel: ArrayD<f64>,
    gradient: ArrayD<f64>,
}

impl SmoothObjective<f64> for Objective {
    fn dimension(&self) -> usize {
        self.kernel.len()
    }

    fn value(&mut self, x: &ArrayRef1<f64>) -> f64 {
        self.read(x);
        // A step out of the range of numbers is a rejected one.
        self.l_orth.value(&self.kernel).unwrap_or(f64::NAN)
    }

    fn value_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        self.read(x);
        let value = self.l_orth.value_and_gradient_into(&self.kernel, &mut self.gradient).unwrap_or(f64::NAN);
        gradient.iter_mut().zip(&self.gradient).for_each(|(to, from)| *to = *from);
        value
    }
}

impl Objective {
    fn read(&mut self, x: &ArrayRef1<f64>) {
        self.kernel.iter_mut().zip(x).for_each(|(to, from)| *to = *from);
    }
}

/// From Glorot's uniform distribution.
fn one(&(m, c, k, s, start): &(usize, usize, usize, usize, u64)) -> Outcome<Run> {
    let geometry = Geometry::new(m, c, &[k, k], &[s, s])?;
    let verdict = existence(&geometry, Padding::Circular)?;
    let limit = (6.0 / (k * k * (m + c)) as f64).sqrt();
    let mut x = Array1::<f64>::zeros(m * c * k * k);
    fill_uniform(&mut rng(start), &mut x);
    x.mapv_inplace(|u| limit * (2.0 * u - 1.0));
    let shape = IxDyn(&geometry.kernel_shape());
    let mut objective = Objective {
        l_orth: LOrth::new(&geometry),
        kernel: ArrayD::zeros(shape.clone()),
        gradient: ArrayD::zeros(shape),
    };
    let solver = Lbfgs::new().max_iterations(2000).stopping(StoppingRule::none().gradient_abs(1e-7));
    let minimum = solver.minimise(&mut objective, &x)?;
    objective.read(&minimum.x);
    let sigma = extreme_singular_values(&objective.kernel, &geometry, &[N, N])?;
    let l_orth = minimum.summary.value;
    Ok(Run { geometry, start, exists: verdict.exists, least_l_orth: verdict.least_l_orth, l_orth, sigma })
}

fn run() -> Outcome<Findings> {
    let mut jobs = Vec::new();
    // The large ones first.
    for m in CHANNELS.into_iter().rev() {
        for c in CHANNELS.into_iter().rev() {
            for k in SIZES {
                for s in STRIDES {
                    jobs.extend((0..STARTS).map(|start| (m, c, k, s, start)));
                }
            }
        }
    }
    let runs = for_all("existence", &jobs, one)?;
    let overlaps = |run: &Run| run.geometry.size()[0] > run.geometry.stride()[0];
    let square = |run: &Run| run.geometry.regime() == Regime::Square;
    type Chosen<'a> = Box<dyn Fn(&Run) -> bool + 'a>;
    let groups: [(&str, Chosen<'_>); 5] = [
        ("M < C s²", Box::new(|run| run.exists && run.geometry.regime() == Regime::Row)),
        ("M > C s²", Box::new(|run| run.exists && run.geometry.regime() == Regime::Column)),
        ("M = C s², k ≤ s", Box::new(|run| run.exists && square(run) && !overlaps(run))),
        ("M = C s², k > s", Box::new(|run| run.exists && square(run) && overlaps(run))),
        ("no orthogonal layer", Box::new(|run| !run.exists)),
    ];
    let mut table = Table::new(
        "starts that end with all singular values in [0.99, 1.01]",
        &["architectures", "starts", "orthogonal"],
    );
    let mut counts = Vec::new();
    for (name, chosen) in &groups {
        let all = runs.iter().filter(|run| chosen(run)).count();
        let good = runs.iter().filter(|run| chosen(run) && run.succeeded()).count();
        table.row([(*name).to_owned(), all.to_string(), good.to_string()]);
        counts.push((good, all));
    }
    let unequal = (counts[0].0 + counts[1].0, counts[0].1 + counts[1].1);
    let share = unequal.0 as f64 / unequal.1 as f64;
    // The least value of L_orth where no orthogonal layer exists, against what was found.
    let above = runs.iter().filter(|run| !run.exists).all(|run| run.l_orth >= run.least_l_orth as f64 - 1e-6);
    let reached = runs.iter().filter(|run| !run.exists && run.l_orth <= run.least_l_orth as f64 + 1e-3).count();
    let claims = vec![
        Claim::new(
            "an orthogonal layer is found where one exists and M ≠ C s²",
            "at least 95 % of the starts",
            format!("{} of {} ({:.1} %)", unequal.0, unequal.1, 100.0 * share),
            Verdict::of(share >= 0.95),
        ),
        Claim::new(
            "the landscape of square layers with overlapping taps has bad minima",
            "some starts fail at M = C s², k > s",
            format!("{} of {} starts succeed", counts[3].0, counts[3].1),
            Verdict::of(counts[3].0 < counts[3].1),
        ),
        Claim::new(
            "none is found where theorem 1 says that none exists",
            "no start succeeds",
            format!("{} of {}", counts[4].0, counts[4].1),
            Verdict::of(counts[4].0 == 0),
        ),
        Claim::new(
            "there the smallest L_orth is that of the checker",
            "no start ends below it",
            format!("{reached} of {} starts end within 0.001 of it", counts[4].1),
            Verdict::of(above),
        ),
    ];
    let series = [("exists", true), ("does not exist", false)].map(|(name, exists)| {
        let mut points: Vec<(f64, f64)> = runs
            .iter()
            .filter(|run| run.exists == exists && run.start == 0)
            .map(|run| {
                (run.geometry.outputs() as f64 / run.geometry.phase_channels() as f64, run.sigma.0 / run.sigma.1)
            })
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        // The worst architecture of each ratio.
        points.dedup_by(|b, a| a.0 == b.0);
        (name.to_owned(), points)
    });
    let plot = Plot::Lines { x: "M / (C s²)".to_owned(), log_x: true, log_y: false, series: series.to_vec() };
    Ok(Findings {
        setting: format!(
            "Two dimensions, M and C in {CHANNELS:?}, kernels of 1, 3, 5, strides 1, 2, 4, three starts by Glorot's uniform distribution; \
             L-BFGS on L_orth, at most 2000 iterations; singular values at {N} × {N} outputs, circular padding."
        ),
        seeds: "0 to 2".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![Chart {
            title: "Least ratio of smallest to largest singular value, over architectures (first start)".to_owned(),
            y: "smallest / largest".to_owned(),
            plot,
        }],
        runs: runs
            .iter()
            .map(|run| {
                let g = &run.geometry;
                json!({
                    "outputs": g.outputs(), "inputs": g.inputs(), "size": g.size()[0], "stride": g.stride()[0], "start": run.start,
                    "exists": run.exists, "l_orth": run.l_orth, "sigma": [run.sigma.0, run.sigma.1],
                })
            })
            .collect(),
    })
}
