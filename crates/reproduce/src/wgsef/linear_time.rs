//! E1: the proximal operator takes linear time.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::table::Table;
use core_tensor::random::{normal_array, rng};
use ndarray::Array1;
use serde_json::json;
use std::time::Instant;
use wgsef::{Groups, Wgsef, Workspace};

pub(crate) const LINEAR_TIME: Experiment =
    Experiment { name: "wgsef-linear-time", title: "Time of the proximal operator", run: linear_time };

const SEEDS: [u64; 3] = [1, 2, 3];

fn linear_time() -> Outcome<Findings> {
    let title = "one thread, medians of 7 runs each over 3 seeds";
    let mut table = Table::new(title, &["groups", "k", "λ", "ms", "ns per group", "passes at most"]);
    let (mut runs, mut rates, mut most) = (Vec::new(), Vec::new(), 0);
    for m in [10_000_usize, 100_000, 1_000_000, 4_000_000] {
        for (share, lambda) in [(0.01, 1.0), (0.2, 0.01), (0.9, 1.0)] {
            let k = (share * m as f64) as usize;
            let omega = Wgsef::new(Groups::singletons(&[m])?, k)?;
            let mut work = Workspace::new(m);
            let (mut seconds, mut passes) = (Vec::new(), 0);
            for seed in SEEDS {
                let y: Array1<f64> = normal_array::<f64, _, _>(&mut rng(seed), m).mapv(|v| (3.0 * v).exp());
                let mut x = y.clone();
                for _ in 0..7 {
                    x.assign(&y);
                    let begin = Instant::now();
                    omega.prox_in_place(&mut x, lambda, &mut work)?;
                    seconds.push(begin.elapsed().as_secs_f64());
                }
                passes = passes.max(work.passes());
            }
            seconds.sort_by(f64::total_cmp);
            let median = seconds[seconds.len() / 2];
            let rate = median * 1e9 / m as f64;
            rates.push(rate);
            most = most.max(passes);
            table.row([
                m.to_string(),
                k.to_string(),
                lambda.to_string(),
                format!("{:.2}", median * 1e3),
                format!("{rate:.1}"),
                passes.to_string(),
            ]);
            runs.push(json!({"groups": m, "k": k, "lambda": lambda, "seconds": median, "passes": passes}));
        }
    }
    let (least, largest) = rates.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &r| (a.min(r), b.max(r)));
    Ok(Findings {
        setting: "Single weights as groups, absolute values log-normal (σ = 3), f64.".to_owned(),
        seeds: "1 to 3".to_owned(),
        claims: vec![
            Claim::new(
                "time per group does not grow with their number",
                "within a factor of 2 over all sizes, budgets and levels",
                format!("{least:.1} to {largest:.1} ns"),
                Verdict::of(largest <= 2.0 * least),
            ),
            Claim::new(
                "a few passes over the shrinking list are enough",
                "at most 20",
                format!("{most}"),
                Verdict::of(most <= 20),
            ),
        ],
        tables: vec![table],
        charts: Vec::new(),
        runs,
    })
}
