//! Total effects.

use super::super::document::FitDocument;
use super::answer::Answer;
use crate::output::{Align, Table, signed};
use orthant::colide::CausalModel;
use serde_json::json;

/// All total effects that are not zero, the largest first.
pub(super) fn answer(document: &FitDocument, model: &CausalModel) -> Answer {
    let names = document.names();
    let totals = model.total_effects();
    let weights = document.refit_weights();
    let mut pairs: Vec<((usize, usize), f64)> =
        totals.indexed_iter().filter(|&(_, &total)| total != 0.0).map(|(pair, &total)| (pair, total)).collect();
    pairs.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    let mut table = Table::new(&[
        ("cause", Align::Left),
        ("effect", Align::Left),
        ("total effect", Align::Right),
        ("of it direct", Align::Right),
    ]);
    let mut list = Vec::with_capacity(pairs.len());
    for &((i, j), total) in &pairs {
        let direct = weights[[i, j]];
        table.row(vec![names[i].clone(), names[j].clone(), signed(total), signed(direct)]);
        list.push(json!({ "cause": names[i], "effect": names[j], "total": total, "direct": direct }));
    }
    let heading = if pairs.is_empty() {
        "No variable has an effect on another.".to_owned()
    } else {
        "Total effects: change of the effect per unit of the cause, over all directed paths".to_owned()
    };
    Answer { key: "effects", heading, table: (!pairs.is_empty()).then_some(table), json: list.into() }
}
