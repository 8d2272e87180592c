//! Where an unusual row has its cause.

use super::super::words;
use super::answer::Answer;
use super::row;
use crate::failure::Outcome;
use crate::output::{Align, Table, short, signed};
use orthant::colide::CausalModel;
use serde_json::json;

/// Noise over noise scale of each variable, the most unusual first.
pub(super) fn answer(names: &[String], model: &CausalModel, text: &str) -> Outcome<Answer> {
    let values = row::read("--root-cause", text, names)?;
    let noise = model.noise(&values).map_err(|error| words::failure(&error, names))?;
    let scores = model.root_cause_scores(&values).map_err(|error| words::failure(&error, names))?;
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| scores[b].abs().total_cmp(&scores[a].abs()).then(a.cmp(&b)));
    let mut table = Table::new(&[
        ("variable", Align::Left),
        ("score", Align::Right),
        ("value", Align::Right),
        ("expected given its causes", Align::Right),
    ]);
    let mut list = Vec::with_capacity(names.len());
    for j in order {
        let expected = values[j] - noise[j];
        table.row(vec![names[j].clone(), signed(scores[j]), short(values[j]), short(expected)]);
        let score = scores[j].is_finite().then_some(scores[j]);
        list.push(json!({ "variable": names[j], "score": score, "value": values[j], "expected": expected }));
    }
    let heading = "Root-cause scores: noise of each variable in standard deviations, given its causes".to_owned();
    Ok(Answer { key: "root_cause", heading, table: Some(table), json: list.into() })
}
