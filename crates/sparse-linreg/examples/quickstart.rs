//! Which of ten baseline variables tell how diabetes progresses: `cargo run -p sparse-linreg --example quickstart`.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use sparse_linreg::{BestSubset, Criterion, ElasticNet, Entrant, Folds, Race, RelaxedLasso, Rule, Search, diagnose};

fn main() -> Result<(), sparse_linreg::Error> {
    let data = datasets::diabetes();
    println!("{}\n", diagnose(&data.x, 3)?);

    let lasso = ElasticNet::lasso().standardise(true);
    let folds = Folds::shuffled(data.y.len(), 5, 1)?;
    let found = lasso.cross_validate(&data.x, &data.y, &folds)?;
    for (rule, name) in [(Rule::Minimum, "smallest error"), (Rule::OneStandardError, "one standard error")] {
        let at = found.curve.chosen(rule);
        println!("Lasso, {name}: error {:.0} ± {:.0}", found.curve.mean[at], found.curve.standard_error[at]);
        if let Some(fit) = found.chosen(rule) {
            for j in fit.support() {
                println!("  {:>4} {:8.3}", data.names[j], fit.coefficients[j]);
            }
            println!("  R² {:.3}, relative duality gap {:.0e}", fit.score(&data.x, &data.y)?, fit.relative_gap);
        }
    }

    let subsets = BestSubset::new().search(Search::Exhaustive).fit(&data.x, &data.y)?;
    let best = subsets.best(Criterion::Bic)?;
    let names: Vec<&str> = best.support.iter().map(|&j| data.names[j]).collect();
    println!("\nbest subset by BIC ({}): {}", best.certificate, names.join(", "));

    let race = Race::lasso_and_rsp(&[3, 5])
        .with(Entrant::Relaxed(RelaxedLasso::new(lasso, 0.0)))
        .with(Entrant::Subset(BestSubset::new()))
        .run(&data.x, &data.y, &folds)?;
    println!("\nrace by cross-validation:");
    for (at, heat) in race.heats.iter().enumerate() {
        let mark = if at == race.winner { "  <- wins" } else { "" };
        println!("  {:<12} {:.0} ± {:.0}{mark}", heat.name, heat.error, heat.standard_error);
    }
    Ok(())
}
