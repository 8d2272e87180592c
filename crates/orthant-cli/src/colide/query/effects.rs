//! Total effects.

use super::super::document::FitDocument;
use super::super::summary::{percent, range};
use super::answer::Answer;
use crate::output::{Align, Table, short, signed};
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
    let interval = document.bootstrap.as_ref().map(|b| format!("{} % interval", short(100.0 * b.confidence)));
    let mut columns = vec![
        ("cause", Align::Left),
        ("effect", Align::Left),
        ("total effect", Align::Right),
        ("of it direct", Align::Right),
    ];
    if let Some(interval) = &interval {
        columns.extend([("a path in", Align::Right), (interval.as_str(), Align::Left)]);
    }
    let mut table = Table::new(&columns);
    let mut list = Vec::with_capacity(pairs.len());
    for &((i, j), total) in &pairs {
        let direct = weights[[i, j]];
        let mut cells = vec![names[i].clone(), names[j].clone(), signed(total), signed(direct)];
        let mut entry = json!({ "cause": names[i], "effect": names[j], "total": total, "direct": direct });
        let effects = document.bootstrap.iter().flat_map(|bootstrap| &bootstrap.effects);
        if let Some(sure) = effects.into_iter().find(|effect| (effect.cause, effect.effect) == (i, j)) {
            cells.extend([percent(sure.path_frequency), range(sure.interval)]);
            entry["path_frequency"] = sure.path_frequency.into();
            entry["interval"] = json!([sure.interval.0, sure.interval.1]);
        } else if interval.is_some() {
            cells.extend(["< 50 %".to_owned(), String::new()]);
        }
        table.row(cells);
        list.push(entry);
    }
    let heading = if pairs.is_empty() {
        "No variable has an effect on another.".to_owned()
    } else {
        "Total effects: change of the effect per unit of the cause, over all directed paths".to_owned()
    };
    Answer { key: "effects", heading, table: (!pairs.is_empty()).then_some(table), json: list.into() }
}
