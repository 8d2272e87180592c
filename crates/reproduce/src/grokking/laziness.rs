//! Acceptance criteria of the polynomial laboratory: delay, alignment, exact errors, laziness, data size.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use chart::{Chart, Plot};
use serde_json::json;
use stablemax::lab::{Committee, LabHistory, LabOptions, LabRow, PolynomialProblem, run};

pub(crate) const LAZINESS: Experiment = Experiment {
    name: "grokking-laziness",
    title: "The delay of generalisation grows with laziness (polynomial regression)",
    run: laziness,
};

const SEEDS: [u64; 3] = [0, 1, 2];
const ALPHAS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
/// Rows on which the empirical test error is taken.
const TEST: usize = 20_000;

/// One run: training rows, α, steps, whether the linearised network runs beside.
#[derive(Debug, Clone, Copy)]
struct Job {
    rows: usize,
    alpha: f64,
    steps: u64,
    linearised: bool,
    seed: u64,
}

fn laziness() -> Outcome<Findings> {
    let mut jobs = Vec::new();
    for seed in SEEDS {
        let job = |rows, alpha, steps, linearised| Job { rows, alpha, steps, linearised, seed };
        jobs.extend(ALPHAS.map(|alpha| job(120, alpha, 6000, false)));
        jobs.extend([64.0, 256.0].map(|alpha| job(120, alpha, 2000, true)));
        jobs.extend([25, 2000].map(|rows| job(rows, 4.0, 4000, false)));
    }
    let histories = for_all("polynomial regression", &jobs, |job| {
        let problem = PolynomialProblem::new(20, job.rows, TEST, 1, job.seed)?;
        let mut machine = Committee::new(100, 20, job.alpha, 0.25, job.seed + 1000)?;
        let options =
            LabOptions { steps: job.steps, linearised: job.linearised, kernel_rows: 300, ..LabOptions::default() };
        Ok(run(&problem, &mut machine, &options)?)
    })?;
    let of = |rows: usize, alpha: f64| -> Vec<&LabHistory> {
        let fits = |job: &Job| job.rows == rows && job.alpha == alpha;
        jobs.iter().zip(&histories).filter(|(job, _)| fits(job)).map(|(_, history)| history).collect()
    };
    let last = |h: &LabHistory| h.rows.last().copied().ok_or("a run without rows");
    let train = |h: &LabHistory| h.step_below(0.1, |row| row.train_loss);
    let test = |h: &LabHistory| h.step_below(0.1, |row| row.test_loss);
    let ratio = |h: &LabHistory| match (train(h), test(h)) {
        (Some(a), Some(b)) => b as f64 / a as f64,
        _ => f64::INFINITY,
    };
    let step = |s: Option<u64>| s.map_or_else(|| "never".to_owned(), |s| s.to_string());
    let each = |runs: &[&LabHistory], text: &dyn Fn(&LabHistory) -> String| {
        runs.iter().map(|h| text(h)).collect::<Vec<_>>().join(" / ")
    };
    let mut table = Table::new(
        "D = 20, P = 120, N = 100, ε = 0.25, η₀ = 1 (seeds 0 / 1 / 2): steps to 10 % of the first loss, and the end",
        &["α", "train", "test", "ratio", "test error", "alignment start", "end", "weights moved"],
    );
    let (mut ratios, mut ends, mut rises) = (Vec::new(), Vec::new(), Vec::new());
    for alpha in ALPHAS {
        let runs = of(120, alpha);
        let end = |h: &LabHistory| last(h).map_or(f64::NAN, |row| row.alignment);
        let start = |h: &LabHistory| h.rows.first().map_or(f64::NAN, |row| row.alignment);
        table.row([
            alpha.to_string(),
            each(&runs, &|h| step(train(h))),
            each(&runs, &|h| step(test(h))),
            each(&runs, &|h| format!("{:.1}", ratio(h))),
            each(&runs, &|h| format!("{:.4}", last(h).map_or(f64::NAN, |row| row.test_loss))),
            each(&runs, &|h| format!("{:.4}", start(h))),
            each(&runs, &|h| format!("{:.3}", end(h))),
            each(&runs, &|h| format!("{:.2}", last(h).map_or(f64::NAN, |row| row.relative_change))),
        ]);
        ratios.push(median(runs.iter().map(|h| ratio(h))));
        ends.push(median(runs.iter().map(|h| end(h))));
        if alpha <= 1.0 {
            rises.extend(runs.iter().map(|h| end(h) / start(h)));
        }
    }
    let list =
        |values: &[f64], digits: usize| values.iter().map(|v| format!("{v:.digits$}")).collect::<Vec<_>>().join(", ");
    // Every logged step of every run at P = 120.
    let deviation = |row: &LabRow| (row.test_loss - row.exact.total()).abs() / row.test_standard_error;
    let all = || jobs.iter().zip(&histories).flat_map(|(_, h)| &h.rows);
    let worst = all().map(deviation).fold(0.0, f64::max);
    let grown = jobs.iter().zip(&histories).filter(|(_, h)| test(h).is_some()).all(|(_, h)| {
        let norms = (h.rows.first().map_or(0.0, |r| r.weight_norm), h.rows.last().map_or(0.0, |r| r.weight_norm));
        norms.1 > norms.0
    });
    let reached = histories.iter().filter(|h| test(h).is_some()).count();
    let lazy = |alpha: f64| -> (f64, f64) {
        let rows = || of(120, alpha).into_iter().flat_map(|h| &h.rows);
        let most = |value: &dyn Fn(&LabRow) -> f64| rows().map(value).filter(|v| v.is_finite()).fold(0.0, f64::max);
        (most(&|row| row.linearised_difference), most(&|row| row.relative_change))
    };
    let (mild, strong) = (lazy(64.0), lazy(256.0));
    let large: Vec<f64> = of(2000, 4.0).iter().map(|h| ratio(h)).collect();
    let small: Vec<f64> = of(25, 4.0)
        .iter()
        .map(|h| last(h).map_or(f64::NAN, |row| row.test_loss) / h.rows.first().map_or(f64::NAN, |row| row.test_loss))
        .collect();
    let increasing = ratios.windows(2).all(|pair| pair[0] < pair[1]);
    let series = ALPHAS.map(|alpha| {
        let points = of(120, alpha)
            .first()
            .map_or_else(Vec::new, |h| h.rows.iter().skip(1).map(|row| (row.step as f64, row.test_loss)).collect());
        (format!("α = {alpha}"), points)
    });
    Ok(Findings {
        setting: "y = (β·x)²/2, x ~ N(0, I/20), |β|² = 20; committee of 100 units with φ(h) = h + h²/8, centred, full-batch gradient \
                  descent; 20 000 test rows; a look every 20 steps."
            .to_owned(),
        seeds: "0, 1, 2 for data; 1000 more for the weights".to_owned(),
        claims: vec![
            Claim::new(
                "the delay grows with the output scale α",
                "median ratio of the steps (test over train) strictly increasing over α = 0.25, 0.5, 1, 2, 4; at most 2.5 at 0.25, at \
                 least 5 at 4",
                list(&ratios, 2),
                Verdict::of(increasing && ratios[0] <= 2.5 && ratios[4] >= 5.0),
            ),
            Claim::new(
                "the lazier, the less the tangent kernel aligns with the target",
                "median final alignment strictly decreasing with α; rises more than fivefold in every run with α ≤ 1",
                format!("ends {}; smallest rise {:.1}", list(&ends, 3), rises.iter().copied().fold(f64::INFINITY, f64::min)),
                Verdict::of(ends.windows(2).all(|pair| pair[0] > pair[1]) && rises.iter().all(|&r| r > 5.0)),
            ),
            Claim::new(
                "the test error is its three parts",
                "the error from the moments of the weights within 5 standard errors of that on 20 000 rows, at every look of every run",
                format!("largest deviation {worst:.2} standard errors in {} looks", all().count()),
                Verdict::of(worst <= 5.0),
            ),
            Claim::new(
                "no norm explains it",
                "the weight norm is larger at the end than at the start in every run whose test loss falls below 10 %",
                format!("{reached} runs"),
                Verdict::of(grown && reached > 0),
            ),
            Claim::new(
                "large α is the linearised network",
                "over 2000 steps and all seeds: difference of functions at most 5 % at α = 256 and 15 % at 64; weights moved by less than \
                 0.03 and 0.1",
                format!(
                    "{:.1} % and {:.1} %; {:.3} and {:.3}",
                    100.0 * strong.0,
                    100.0 * mild.0,
                    strong.1,
                    mild.1
                ),
                Verdict::of(strong.0 <= 0.05 && mild.0 <= 0.15 && strong.1 < 0.03 && mild.1 < 0.1),
            ),
            Claim::new(
                "neither too few rows nor many show a delay (α = 4)",
                "ratio at most 2 with 2000 rows; test loss above half of its start with 25 rows after 4000 steps, in every seed",
                format!("ratios {}; losses {}", list(&large, 2), list(&small, 2)),
                Verdict::of(large.iter().all(|&r| r <= 2.0) && small.iter().all(|&s| s > 0.5)),
            ),
        ],
        tables: vec![table],
        charts: vec![Chart {
            title: "Polynomial regression, seed 0".to_owned(),
            y: "test loss".to_owned(),
            plot: Plot::Lines { x: "step".to_owned(), log_x: true, log_y: true, series: series.to_vec() },
        }],
        runs: jobs
            .iter()
            .zip(&histories)
            .map(|(job, h)| {
                let end = h.rows.last();
                json!({
                    "rows": job.rows, "alpha": job.alpha, "seed": job.seed,
                    "train_step": train(h), "test_step": test(h),
                    "test_loss": end.map(|row| row.test_loss), "alignment": end.map(|row| row.alignment),
                    "drift": end.map(|row| row.drift), "relative_change": end.map(|row| row.relative_change),
                })
            })
            .collect(),
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
