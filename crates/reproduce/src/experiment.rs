//! What an experiment is, and what it reports.

use crate::table::Table;
use chart::{Chart, Palette};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

/// All errors of an experiment end the program with their message.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One experiment of one paper.
pub(crate) struct Experiment {
    /// `method-topic`; also the name of its files.
    pub(crate) name: &'static str,
    /// What is asked, in one line.
    pub(crate) title: &'static str,
    pub(crate) run: fn() -> Outcome<Findings>,
}

/// Every experiment, in the order of the report.
pub(crate) const EXPERIMENTS: &[Experiment] = &[
    crate::colide::SACHS,
    crate::colide::NOISE_SWEEP,
    crate::colide::HETEROSCEDASTIC,
    crate::colide::SPEED,
    crate::colide::NOISE_ESTIMATION,
    crate::colide::UNITS,
    crate::colide::ORDER_START,
    crate::colide::INTERVENTIONS,
    crate::bcd::MESSAGE_PASSING,
    crate::bcd::GREEDY_RULES,
    crate::bcd::SUPERLINEAR,
    crate::bcd::PARTITIONS,
    crate::bcd::ESTIMATED,
    crate::bcd::REAL_DATA,
    crate::bcd::ACTIVE_SET,
    crate::bcd::LATTICES,
    crate::sparse_linreg::SUPPORTS,
    crate::sparse_linreg::SAMPLES,
    crate::sparse_linreg::GUARANTEE,
    crate::sparse_linreg::CONDITION,
    crate::sparse_linreg::REAL_DESIGNS,
    crate::sparse_linreg::REAL_RESPONSES,
    crate::bilevel::QUADRATIC,
    crate::bilevel::VARIATION,
    crate::bilevel::EXPERTS,
    crate::bilevel::DIGITS,
    crate::bilevel::LOGISTIC,
    crate::bilevel::BOUNDS,
    crate::bilevel::SELF_TUNING,
    crate::olinear::RIDGE,
    crate::olinear::DECORRELATION,
    crate::olinear::SMALL,
    crate::olinear::FULL,
    crate::olinear::ILLNESS,
    crate::olinear::MIXING,
    crate::olinear::CONFORMAL,
    crate::olinear::GAPS,
    crate::compander::NOISE,
    crate::compander::NOISE_MNIST,
    crate::compander::CLEAN,
    crate::compander::DAMAGE,
    crate::compander::BIAS,
    crate::ortho_conv::EXISTENCE,
    crate::ortho_conv::SIZES,
    crate::ortho_conv::FLATTENED,
    crate::ortho_conv::TRAINING,
    crate::ortho_conv::LAMBDA,
    crate::stablemax::ORTHOGONAL,
    crate::stablemax::PARITY,
    crate::stablemax::STALL,
    crate::stablemax::FLOAT_TYPES,
    crate::stablemax::REAL_DATA,
    crate::grokking::LAZINESS,
    crate::wgsef::LINEAR_TIME,
    crate::wgsef::DIGITS,
    crate::wgsef::NEURONS,
    crate::wgsef::REGRESSION,
    crate::wgsef::MODULE,
];

/// What an experiment found.
#[derive(Debug)]
pub(crate) struct Findings {
    /// Data, methods and parameters, in sentences.
    pub(crate) setting: String,
    /// The seeds, in words; "none" for real data.
    pub(crate) seeds: String,
    pub(crate) claims: Vec<Claim>,
    pub(crate) tables: Vec<Table>,
    pub(crate) charts: Vec<Chart>,
    /// One record for each run, for those who want to compute other statistics.
    pub(crate) runs: Vec<Value>,
}

/// A claim, the criterion it was held against, what was measured, and whether it held.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) claim: String,
    pub(crate) criterion: String,
    pub(crate) measured: String,
    pub(crate) verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Held,
    NotHeld,
    /// Looked at without a criterion that could fail.
    Exploratory,
}

impl Verdict {
    pub(crate) fn of(held: bool) -> Self {
        if held { Self::Held } else { Self::NotHeld }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NotHeld => "not held",
            Self::Exploratory => "exploratory",
        }
    }
}

impl Claim {
    pub(crate) fn new(
        claim: impl Into<String>,
        criterion: impl Into<String>,
        measured: impl Into<String>,
        verdict: Verdict,
    ) -> Self {
        Self { claim: claim.into(), criterion: criterion.into(), measured: measured.into(), verdict }
    }
}

/// The findings with the experiment they belong to.
pub(crate) struct Report {
    experiment: &'static Experiment,
    findings: Findings,
    seconds: f64,
}

impl Experiment {
    pub(crate) fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
    }

    pub(crate) fn report(&'static self) -> Outcome<Report> {
        let begin = Instant::now();
        let findings = (self.run)()?;
        Ok(Report { experiment: self, findings, seconds: begin.elapsed().as_secs_f64() })
    }
}

impl Report {
    pub(crate) fn to_text(&self) -> String {
        let Findings { setting, seeds, claims, tables, .. } = &self.findings;
        let Experiment { name, title, .. } = self.experiment;
        let mut text = format!("{name}: {title}\n\n{setting}\nSeeds: {seeds}. {:.0} s.\n", self.seconds);
        for table in tables {
            let _ = write!(text, "\n{}", table.to_text());
        }
        for Claim { claim, criterion, measured, verdict } in claims {
            let verdict = verdict.name();
            let _ = write!(text, "\n{verdict}: {claim}\n  criterion: {criterion}\n  measured: {measured}\n");
        }
        text
    }

    /// Writes `NAME.json` and the charts (`NAME.svg`, `NAME-2.svg`, …) to `folder`.
    pub(crate) fn write(&self, folder: &Path) -> Outcome<()> {
        std::fs::create_dir_all(folder)?;
        let Findings { setting, seeds, claims, tables, charts, runs } = &self.findings;
        let name = self.experiment.name;
        let mut files = Vec::new();
        for (index, chart) in charts.iter().enumerate() {
            let file = if index == 0 { format!("{name}.svg") } else { format!("{name}-{}.svg", index + 1) };
            replace(&folder.join(&file), &chart.to_svg(Palette::Fixed))?;
            files.push(json!({"file": file, "title": chart.title}));
        }
        let claims: Vec<Value> = claims
            .iter()
            .map(|claim| {
                json!({
                    "claim": claim.claim,
                    "criterion": claim.criterion,
                    "measured": claim.measured,
                    "verdict": claim.verdict.name(),
                })
            })
            .collect();
        let document = json!({
            "experiment": name,
            // Its place on the page.
            "place": EXPERIMENTS.iter().position(|experiment| experiment.name == name),
            "title": self.experiment.title,
            "setting": setting,
            "seeds": seeds,
            "seconds": self.seconds.round(),
            "claims": claims,
            "tables": tables.iter().map(Table::to_json).collect::<Vec<_>>(),
            "charts": files,
            "runs": runs,
        });
        replace(&folder.join(format!("{name}.json")), &format!("{}\n", serde_json::to_string_pretty(&document)?))
    }
}

/// Writes a file under a temporary name and renames it.
fn replace(path: &Path, text: &str) -> Outcome<()> {
    let temporary = path.with_extension("part");
    std::fs::write(&temporary, text)?;
    Ok(std::fs::rename(&temporary, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_groups_end_at_a_hyphen() {
        for (index, experiment) in EXPERIMENTS.iter().enumerate() {
            assert!(EXPERIMENTS[..index].iter().all(|other| other.name != experiment.name), "{}", experiment.name);
        }
        let sachs = &EXPERIMENTS[0];
        assert!(sachs.answers_to("colide") && sachs.answers_to(sachs.name));
        assert!(!sachs.answers_to("col") && !sachs.answers_to("colide-sach"));
    }
}
