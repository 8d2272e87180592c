//! What to adjust for.

use super::super::document::FitDocument;
use super::super::knowledge::edge;
use super::super::words;
use super::answer::Answer;
use crate::failure::Outcome;
use orthant::colide::optimal_adjustment_set;
use serde_json::json;

/// The optimal adjustment set of a pair.
pub(super) fn answer(document: &FitDocument, text: &str) -> Outcome<Answer> {
    let names = document.names();
    let (cause, effect) = edge("--adjust", text, &names)?;
    let set = optimal_adjustment_set(&document.refit_weights(), cause, effect)
        .map_err(|error| words::failure(&error, &names))?;
    let chosen: Option<Vec<&String>> = set.map(|set| set.into_iter().map(|node| &names[node]).collect());
    let (from, to) = (&names[cause], &names[effect]);
    let heading = match &chosen {
        None => format!("{from} has no effect on {to}: no directed path leads there."),
        Some(set) if set.is_empty() => format!("For the effect of {from} on {to} adjust for nothing."),
        Some(set) => {
            let list: Vec<&str> = set.iter().map(|name| name.as_str()).collect();
            format!("For the effect of {from} on {to} adjust for {}.", list.join(", "))
        }
    };
    let json = json!({ "cause": from, "effect": to, "adjust_for": chosen });
    Ok(Answer { key: "adjustment", heading, table: None, json })
}
