//! E3: few rows with right labels, where there is little to gain.

use super::network::{Method, Task, digits, mnist, train};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use serde_json::json;

pub(crate) const CLEAN: Experiment = Experiment {
    name: "compander-clean",
    title: "Right labels: no gain in accuracy, better probabilities",
    run: clean,
};

const METHODS: [Method; 8] = [
    Method::plain("plain", 0.0),
    Method::plain("decay 0.001", 1e-3),
    Method::plain("decay 0.003", 3e-3),
    Method::companded("companded c = 2", 2.0, 1.0),
    Method::companded("companded c = 1.5", 1.5, 1.0),
    Method::companded("companded c = 1.5, κ = 2", 1.5, 2.0),
    Method::companded("companded c = 1", 1.0, 1.0),
    Method { learned: true, ..Method::companded("companded c = 1.5, learned", 1.5, 1.0) },
];

fn clean() -> Outcome<Findings> {
    let data = [("digits, 200 rows", digits(), 200, 60, 4_u64), ("MNIST, 1000 rows", mnist(), 1000, 20, 3)];
    let (mut claims, mut tables, mut runs) = (Vec::new(), Vec::new(), Vec::new());
    for (name, (x, y), rows, epochs, seeds) in &data {
        let jobs: Vec<(Method, u64)> =
            METHODS.iter().flat_map(|&method| (0..*seeds).map(move |seed| (method, seed))).collect();
        let trained =
            for_all(name, &jobs, |&(method, seed)| train(&Task::split(x, y, *rows, 0.0, seed), method, *epochs, seed))?;
        let mut table = Table::new(*name, &["method", "test accuracy, %", "log loss"]);
        let (mut accuracies, mut losses) = (Vec::new(), Vec::new());
        for (method, found) in METHODS.iter().zip(trained.chunks(*seeds as usize)) {
            let accuracy = summary(found.iter().map(|run| 100.0 * run.accuracy));
            let loss = summary(found.iter().map(|run| run.log_loss));
            table.row([method.name.to_owned(), accuracy.text(1), loss.text(3)]);
            accuracies.push(accuracy.mean);
            losses.push(loss.mean);
            for (seed, run) in found.iter().enumerate() {
                runs.push(json!({"data": name, "method": method.name, "seed": seed, "accuracy": run.accuracy, "log_loss": run.log_loss}));
            }
        }
        tables.push(table);
        // Fixed shapes: rows 3 to 6.
        let best = |values: &[f64], better: fn(f64, f64) -> f64| values[3..7].iter().copied().fold(values[3], better);
        let (accuracy, loss) = (best(&accuracies, f64::max), best(&losses, f64::min));
        claims.push(Claim::new(
            format!("{name}: companding costs no accuracy"),
            "the best fixed compander within 1 point of the plain network",
            format!("{accuracy:.1} against {:.1} %", accuracies[0]),
            Verdict::of(accuracy >= accuracies[0] - 1.0),
        ));
        claims.push(Claim::new(
            format!("{name}: and improves the probabilities"),
            "log loss of the best fixed compander below the plain network's",
            format!("{loss:.3} against {:.3}", losses[0]),
            Verdict::of(loss < losses[0]),
        ));
    }
    Ok(Findings {
        setting: "As compander-label-noise, with right labels. The gain of companding is in noisy or overfitting regimes; here it must \
                  only do no harm."
            .to_owned(),
        seeds: "0 to 3 (digits), 0 to 2 (MNIST)".to_owned(),
        claims,
        tables,
        charts: vec![],
        runs,
    })
}
