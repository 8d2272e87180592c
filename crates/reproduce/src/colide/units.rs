//! What happens when the data are measured in other units.

use super::graphs::{Noise, ROWS, Sample, draw};
use super::methods::{EV, GraphScore, NV, fit};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::{Summary, summary};
use crate::table::Table;
use chart::{Chart, Plot};
use colide::{Colide, Diagonal, Finish, NoiseModel, Start, Units, covariance};
use ndarray::{Array2, Axis};
use serde_json::json;

pub(crate) const UNITS: Experiment =
    Experiment { name: "colide-units", title: "Units and standardisation", run: units };

const NODES: usize = 20;
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

/// What is done to the data before the fit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Scaled(f64),
    /// Scaled, then solved in units of the smallest standard deviation.
    ScaledMinSd(f64),
    Standardised,
}

const CHANGES: [Change; 8] = [
    Change::Scaled(1.0),
    Change::Scaled(0.1),
    Change::Scaled(10.0),
    Change::ScaledMinSd(1.0),
    Change::ScaledMinSd(0.1),
    Change::ScaledMinSd(10.0),
    Change::ScaledMinSd(7.3e6),
    Change::Standardised,
];

impl Change {
    fn name(self) -> String {
        match self {
            Self::Scaled(1.0) => "raw".to_owned(),
            Self::Scaled(factor) => format!("× {factor}"),
            Self::ScaledMinSd(factor) => format!("× {factor}, MinSd"),
            Self::Standardised => "each column standardised".to_owned(),
        }
    }

    fn apply(self, x: &Array2<f64>) -> Array2<f64> {
        match self {
            Self::Scaled(factor) | Self::ScaledMinSd(factor) => x * factor,
            Self::Standardised => x / &x.std_axis(Axis(0), 0.0),
        }
    }
}

/// The data, the noise model of the fit, and whether the graph is the path's (the paper's rule) or the default's.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    noise: Noise,
    model: NoiseModel,
    path: bool,
}

const CELLS: [Cell; 4] = [
    Cell { noise: Noise::Equal(1.0), model: EV, path: true },
    Cell { noise: Noise::Uniform, model: NV, path: true },
    Cell { noise: Noise::Equal(1.0), model: EV, path: false },
    Cell { noise: Noise::Uniform, model: NV, path: false },
];

impl Cell {
    fn name(self) -> String {
        let data = if self.model == EV { "equal variances, EV" } else { "unequal variances, NV" };
        format!("{data}, {}", if self.path { "path and threshold" } else { "default" })
    }

    fn config(self, change: Change) -> Colide {
        let config = Colide::new(self.model);
        let config = match change {
            Change::ScaledMinSd(_) => config.units(Units::MinSd),
            Change::Scaled(_) | Change::Standardised => config,
        };
        if self.path { config.starts([Start::Path(Diagonal::Free)]).finish(Finish::Threshold) } else { config }
    }
}

/// One data set under every change.
struct Series {
    scores: Vec<GraphScore>,
    /// Largest difference of the weights under `MinSd` from those at scale 1, relative to the largest weight.
    spread: f64,
    /// Whether all graphs under `MinSd` are the same.
    same_graph: bool,
}

fn series(cell: Cell, sample: &Sample) -> Outcome<Series> {
    let truth = sample.sem.adjacency();
    let (mut scores, mut spread, mut same_graph) = (Vec::new(), 0.0_f64, true);
    let mut first: Option<Array2<f64>> = None;
    for change in CHANGES {
        let run = fit(&cell.config(change), &covariance(&change.apply(&sample.x))?, &truth)?;
        scores.push(run.score);
        if let Change::ScaledMinSd(_) = change {
            let weights = run.fit.weights;
            let reference = first.get_or_insert_with(|| weights.clone());
            let largest = reference.iter().fold(f64::MIN_POSITIVE, |largest, w| largest.max(w.abs()));
            for (a, b) in weights.iter().zip(reference.iter()) {
                spread = spread.max((a - b).abs() / largest);
                same_graph &= (*a == 0.0) == (*b == 0.0);
            }
        }
    }
    Ok(Series { scores, spread, same_graph })
}

fn units() -> Outcome<Findings> {
    let jobs: Vec<(Cell, u64)> = CELLS.iter().flat_map(|&cell| SEEDS.map(move |seed| (cell, seed))).collect();
    let found = for_all("units", &jobs, |&(cell, seed)| series(cell, &draw(NODES, 2.0, cell.noise, ROWS, seed)?))?;
    let of = |cell| jobs.iter().zip(&found).filter(move |(job, _)| job.0 == cell).map(|(_, series)| series);
    let shd = |cell, change: usize| -> Summary { summary(of(cell).map(|series| series.scores[change].shd as f64)) };

    let mut claims = Vec::new();
    for cell in CELLS {
        let same = of(cell).filter(|series| series.same_graph).count();
        let spread = of(cell).map(|series| series.spread).fold(0.0, f64::max);
        claims.push(Claim::new(
            format!("{}: with MinSd the result does not depend on the units", cell.name()),
            "the same graph at scales 1, 0.1, 10 and 7.3e6, weights within 1e-6 of the largest",
            format!("same graph on {same} of {} data sets, weights within {spread:.1e}", SEEDS.count()),
            Verdict::of(same == SEEDS.count() && spread <= 1e-6),
        ));
    }
    for cell in CELLS {
        let (raw, standardised) = (shd(cell, 0), shd(cell, CHANGES.len() - 1));
        claims.push(Claim::new(
            format!("{}: standardising the columns does great harm (a documented limit)", cell.name()),
            "mean SHD at least 1.5 times that on raw data",
            format!("{} against {}", standardised.text(1), raw.text(1)),
            Verdict::of(standardised.mean >= 1.5 * raw.mean),
        ));
    }

    let mut columns = vec!["data".to_owned()];
    columns.extend(CELLS.map(Cell::name));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::new("SHD, mean ± standard deviation", &columns);
    for (index, change) in CHANGES.into_iter().enumerate() {
        table.row([change.name()].into_iter().chain(CELLS.map(|cell| shd(cell, index).text(1))));
    }
    let bars = CELLS.map(|cell| {
        let bars = [0, 1, 2, 3, CHANGES.len() - 1].map(|change| shd(cell, change));
        (cell.name(), bars.iter().map(|bar| (bar.mean, bar.deviation)).collect())
    });
    let groups = ["raw", "× 0.1", "× 10", "MinSd", "standardised"].map(str::to_owned).to_vec();
    let records = jobs.iter().zip(&found).flat_map(|(&(cell, seed), series)| {
        CHANGES.iter().zip(&series.scores).map(move |(change, score)| {
            json!({"cell": cell.name(), "seed": seed, "data": change.name(), "score": score.to_json()})
        })
    });
    Ok(Findings {
        setting: format!(
            "ER2 graphs on {NODES} nodes, n = {ROWS}; λ = 0.05 and threshold 0.3 whatever the units. Equal variances: noise \
             variance 1, weights ±[0.5, 2]. Unequal variances: uniform on [0.5, 10], weights ±[0.25, 1]."
        ),
        seeds: format!("{} to {}", SEEDS.start(), SEEDS.end()),
        claims,
        tables: vec![table],
        charts: vec![Chart {
            title: "SHD under changes of units (d = 20, ER2)".to_owned(),
            y: "SHD".to_owned(),
            plot: Plot::Bars { groups, series: bars.to_vec() },
        }],
        runs: records.collect(),
    })
}
