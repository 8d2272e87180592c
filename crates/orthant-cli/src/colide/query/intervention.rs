//! Interventions: what if a variable is set, for the population and for one row.

use super::super::document::FitDocument;
use super::super::words;
use super::answer::Answer;
use super::row;
use crate::failure::{Failure, Outcome};
use crate::input::{find_name, parse_number};
use crate::output::{Align, Table, short, signed};
use orthant::colide::CausalModel;
use serde_json::json;

/// `X=value` for each option.
pub(super) fn settings(texts: &[String], names: &[String]) -> Outcome<Vec<(usize, f64)>> {
    let mut settings: Vec<(usize, f64)> = Vec::with_capacity(texts.len());
    for text in texts {
        let Some((name, value)) = text.rsplit_once('=') else {
            return Err(Failure::input(format!("--do `{text}`: write X=value")));
        };
        let node = find_name("--do", name.trim(), names)?;
        let value = parse_number("--do", text, value)?;
        if settings.iter().any(|&(other, _)| other == node) {
            return Err(Failure::input(format!("--do sets `{}` twice", names[node])));
        }
        settings.push((node, value));
    }
    Ok(settings)
}

/// Means and standard deviations under the intervention.
pub(super) fn answer(document: &FitDocument, model: &CausalModel, settings: &[(usize, f64)]) -> Outcome<Answer> {
    let names = document.names();
    let after = model.intervene(settings).map_err(|error| words::failure(&error, &names))?;
    let before = model.covariance();
    let mut table = Table::new(&[
        ("variable", Align::Left),
        ("mean", Align::Right),
        ("change", Align::Right),
        ("sd", Align::Right),
        ("sd before", Align::Right),
        ("", Align::Left),
    ]);
    let mut list = Vec::with_capacity(names.len());
    for (j, name) in names.iter().enumerate() {
        let change = after.mean[j] - document.variables[j].mean;
        let sd = after.covariance[[j, j]].max(0.0).sqrt();
        let sd_before = before[[j, j]].max(0.0).sqrt();
        let set = settings.iter().any(|&(node, _)| node == j);
        table.row(vec![
            name.clone(),
            short(after.mean[j]),
            signed(change),
            short(sd),
            short(sd_before),
            if set { "set" } else { "" }.to_owned(),
        ]);
        list.push(json!({
            "variable": name, "mean": after.mean[j], "change": change, "sd": sd, "sd_before": sd_before, "set": set
        }));
    }
    let heading = format!("Under {}", describe(settings, &names));
    Ok(Answer { key: "intervention", heading, table: Some(table), json: list.into() })
}

/// One row as it would have been.
pub(super) fn counterfactual(
    names: &[String],
    model: &CausalModel,
    text: &str,
    settings: &[(usize, f64)],
) -> Outcome<Answer> {
    let factual = row::read("--counterfactual", text, names)?;
    let other = model.counterfactual(&factual, settings).map_err(|error| words::failure(&error, names))?;
    let mut table = Table::new(&[
        ("variable", Align::Left),
        ("was", Align::Right),
        ("would have been", Align::Right),
        ("change", Align::Right),
    ]);
    let mut list = Vec::with_capacity(names.len());
    for (j, name) in names.iter().enumerate() {
        let change = other[j] - factual[j];
        table.row(vec![name.clone(), short(factual[j]), short(other[j]), signed(change)]);
        list.push(json!({ "variable": name, "was": factual[j], "would_have_been": other[j], "change": change }));
    }
    let heading = format!("The row, had there been {}", describe(settings, names));
    Ok(Answer { key: "counterfactual", heading, table: Some(table), json: list.into() })
}

fn describe(settings: &[(usize, f64)], names: &[String]) -> String {
    let parts: Vec<String> =
        settings.iter().map(|&(node, value)| format!("{} = {}", names[node], short(value))).collect();
    format!("do({})", parts.join(", "))
}
