//! `orthant colide query`: causal questions to a saved fit.

mod adjustment;
mod answer;
mod effects;
mod intervention;
mod root_cause;
mod row;

use super::document::FitDocument;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use answer::Answer;
use std::path::PathBuf;

/// Options of `orthant colide query`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("question").required(true).multiple(true)
    .args(["effects", "set", "counterfactual", "root_cause", "adjust"]))]
pub(crate) struct QueryArguments {
    /// A saved fit: fit.json, or the folder that holds it
    #[arg(value_name = "FIT.json")]
    pub(crate) fit: PathBuf,
    /// Total effects of every variable on every other, over all directed paths
    #[arg(long)]
    pub(crate) effects: bool,
    /// Means and standard deviations of all variables when this one is set (may be repeated: all at once)
    #[arg(long = "do", value_name = "X=VALUE", id = "set")]
    pub(crate) set: Vec<String>,
    /// What this row would have been under --do: a CSV file with a header and one row, or `A=1,B=2,…`
    #[arg(long, value_name = "ROW", requires = "set")]
    pub(crate) counterfactual: Option<String>,
    /// Which variables make this row unusual: noise of each in standard deviations, given its causes. A CSV file with a
    /// header and one row, or `A=1,B=2,…`
    #[arg(long, value_name = "ROW")]
    pub(crate) root_cause: Option<String>,
    /// The covariates to adjust for when the effect of A on B is estimated by regression (may be repeated)
    #[arg(long, value_name = "A->B")]
    pub(crate) adjust: Vec<String>,
    /// Print JSON instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}

/// Answers the questions on the standard output.
pub(crate) fn query(arguments: &QueryArguments) -> Outcome<()> {
    let document = FitDocument::read(&arguments.fit)?;
    let names = document.names();
    let model = document.causal_model()?;
    let mut answers: Vec<Answer> = Vec::new();
    if arguments.effects {
        answers.push(effects::answer(&document, &model));
    }
    let settings = intervention::settings(&arguments.set, &names)?;
    match &arguments.counterfactual {
        Some(row) => answers.push(intervention::counterfactual(&names, &model, row, &settings)?),
        None if !settings.is_empty() => answers.push(intervention::answer(&document, &model, &settings)?),
        None => {}
    }
    if let Some(row) = &arguments.root_cause {
        answers.push(root_cause::answer(&names, &model, row)?);
    }
    for pair in &arguments.adjust {
        answers.push(adjustment::answer(&document, pair)?);
    }
    if arguments.json {
        let map: serde_json::Map<String, serde_json::Value> = answer::to_json(answers);
        let text = serde_json::to_string_pretty(&map).map_err(|error| Failure::Internal(error.to_string()))?;
        return print(&format!("{text}\n"));
    }
    let mut text = answers.iter().map(Answer::text).collect::<Vec<_>>().join("\n");
    if document.data.log || document.data.standardised {
        text.push_str(&format!("\nAll values are in the units of the fit: {}.\n", units(&document)));
    }
    if document.data.lags > 0 {
        text.push_str(
            "\nVariables of the past such as X[t-1] are taken as given and as independent of each other: effects and means \
             are right, standard deviations are not.\n",
        );
    }
    print(&text)
}

fn units(document: &FitDocument) -> &'static str {
    match (document.data.log, document.data.standardised) {
        (true, true) => "natural logarithms, in standard deviations from the mean",
        (true, false) => "natural logarithms",
        (false, _) => "standard deviations from the mean",
    }
}
