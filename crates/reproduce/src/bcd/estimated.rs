//! E5: estimated against exact constants.

use super::curve::{Curve, short};
use super::problems::design;
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use bcd::{Bcd, Blocks, LinearLoss, Partition, Penalty, Rule, Update};
use datasets::bcd::logistic_b;
use ndarray::Array1;

pub(crate) const ESTIMATED: Experiment = Experiment {
    name: "bcd-estimated-constants",
    title: "Estimated against exact Lipschitz constants",
    run: estimated,
};

fn estimated() -> Outcome<Findings> {
    let b = logistic_b();
    let design = design(b.design)?;
    let f = LinearLoss::logistic(&design, &Array1::from(b.labels))?;
    let jobs = [
        ("exact", Update::Gradient),
        ("estimated", Update::Estimated { relax: 1.0 }),
        ("estimated, × 0.9 per visit", Update::Estimated { relax: 0.9 }),
    ];
    let curves = for_all("estimated constants", &jobs, |&(name, update)| {
        let bcd = Bcd::new().blocks(Blocks::Fixed(Partition::Order(20))).rule(Rule::Gsl).update(update);
        Curve::run(name, bcd, &f, &Penalty::None, 0.0, 500)
    })?;
    let mut table = Table::new(
        "f after so many updates, GSL, blocks of 20 in natural order",
        &["L_b", "100", "300", "500", "published 500"],
    );
    for (curve, published) in curves.iter().zip(["94", "19", ""]) {
        let cells = [100, 300, 500].map(|k| short(curve.at(k)));
        table.row([curve.name.clone()].into_iter().chain(cells).chain([published.to_owned()]));
    }
    let [exact, estimated, relaxed] = [0, 1, 2].map(|k| curves[k].at(500));
    Ok(Findings {
        setting: "Logistic loss on set B. The rule GSL uses the constants of the step, exact or estimated. Estimates start at the least \
                  Lᵢ of the block and double."
            .to_owned(),
        seeds: "none".to_owned(),
        claims: vec![
            Claim::new(
                "estimates beat the exact bound, which is loose for the logistic loss",
                "f after 500 iterations at least 3 times lower",
                format!("{estimated:.1} against {exact:.1}"),
                Verdict::of(3.0 * estimated <= exact),
            ),
            Claim::new(
                "letting estimates shrink helps further",
                "f after 500 iterations lower",
                format!("{relaxed:.1} against {estimated:.1}"),
                Verdict::of(relaxed < estimated),
            ),
        ],
        tables: vec![table],
        charts: Vec::new(),
        runs: curves.iter().map(|curve| curve.to_json(&[100, 300, 500])).collect(),
    })
}
