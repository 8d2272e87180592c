//! Prior knowledge from options and files.

use super::arguments::KnowledgeArguments;
use crate::failure::{Failure, Outcome};
use crate::input::{find_name, split_list};
use orthant::colide::{Knowledge, Sign};
use std::path::Path;

/// What a knowledge file may hold.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct KnowledgeFile {
    require: Vec<(Variable, Variable)>,
    forbid: Vec<(Variable, Variable)>,
    roots: Vec<Variable>,
    leaves: Vec<Variable>,
    exogenous: Vec<Variable>,
    tiers: Vec<Vec<Variable>>,
    signs: Vec<(Variable, Variable, String)>,
}

/// A variable by name or index.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
enum Variable {
    Index(usize),
    Name(String),
}

impl Variable {
    fn find(&self, option: &str, names: &[String]) -> Outcome<usize> {
        match self {
            Self::Index(index) => find_name(option, &index.to_string(), names),
            Self::Name(name) => find_name(option, name, names),
        }
    }
}

/// All that is known about the variables `names`.
pub(super) fn knowledge(arguments: &KnowledgeArguments, names: &[String]) -> Outcome<Knowledge> {
    let mut known = match &arguments.knowledge {
        Some(path) => from_file(path, names)?,
        None => Knowledge::new(),
    };
    for text in &arguments.require {
        let (cause, effect) = edge("--require", text, names)?;
        known = known.require(cause, effect);
    }
    for text in &arguments.forbid {
        let (cause, effect) = edge("--forbid", text, names)?;
        known = known.forbid(cause, effect);
    }
    for name in &arguments.root {
        known = known.root(find_name("--root", name, names)?);
    }
    for name in &arguments.leaf {
        known = known.leaf(find_name("--leaf", name, names)?);
    }
    for name in &arguments.exogenous {
        known = known.exogenous(find_name("--exogenous", name, names)?);
    }
    if let Some(text) = &arguments.tiers {
        known = known.tiers(tiers(text, names)?);
    }
    for text in &arguments.sign {
        let Some((pair, sign_text)) = text.rsplit_once(':') else {
            return Err(Failure::input(format!("--sign `{text}`: write A->B:+ or A->B:-")));
        };
        let (cause, effect) = edge("--sign", pair, names)?;
        known = known.sign(cause, effect, sign("--sign", text, sign_text)?);
    }
    Ok(known)
}

fn from_file(path: &Path, names: &[String]) -> Outcome<Knowledge> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::read(path, &error))?;
    let shown = path.display().to_string();
    let file: KnowledgeFile =
        serde_json::from_str(&text).map_err(|error| Failure::input(format!("`{shown}`: {error}")))?;
    let mut known = Knowledge::new();
    let place = |field: &str| format!("`{shown}`, {field}");
    for (cause, effect) in &file.require {
        known = known.require(cause.find(&place("require"), names)?, effect.find(&place("require"), names)?);
    }
    for (cause, effect) in &file.forbid {
        known = known.forbid(cause.find(&place("forbid"), names)?, effect.find(&place("forbid"), names)?);
    }
    for root in &file.roots {
        known = known.root(root.find(&place("roots"), names)?);
    }
    for leaf in &file.leaves {
        known = known.leaf(leaf.find(&place("leaves"), names)?);
    }
    for given in &file.exogenous {
        known = known.exogenous(given.find(&place("exogenous"), names)?);
    }
    let find_tier = |tier: &Vec<Variable>| tier.iter().map(|v| v.find(&place("tiers"), names)).collect();
    let tiers: Vec<Vec<usize>> = file.tiers.iter().map(find_tier).collect::<Outcome<_>>()?;
    if !tiers.is_empty() {
        known = known.tiers(tiers);
    }
    for (cause, effect, text) in &file.signs {
        let (cause, effect) = (cause.find(&place("signs"), names)?, effect.find(&place("signs"), names)?);
        known = known.sign(cause, effect, sign(&place("signs"), text, text)?);
    }
    Ok(known)
}

/// `A->B`, also `A→B`; names may themselves hold an arrow.
pub(super) fn edge(option: &str, text: &str, names: &[String]) -> Outcome<(usize, usize)> {
    let mut first_failure = None;
    for arrow in ["->", "→"] {
        for (at, _) in text.match_indices(arrow) {
            let (cause, effect) = (text[..at].trim(), text[at + arrow.len()..].trim());
            match (find_name(option, cause, names), find_name(option, effect, names)) {
                (Ok(cause), Ok(effect)) => return Ok((cause, effect)),
                (Err(failure), _) | (_, Err(failure)) => first_failure = first_failure.or(Some(failure)),
            }
        }
    }
    Err(first_failure.unwrap_or_else(|| Failure::input(format!("{option} `{text}`: write cause->effect, in quotes"))))
}

fn tiers(text: &str, names: &[String]) -> Outcome<Vec<Vec<usize>>> {
    let tier = |part: &str| {
        let members = split_list("--tiers", part)?;
        members.iter().map(|name| find_name("--tiers", name, names)).collect()
    };
    text.split('|').map(tier).collect()
}

fn sign(option: &str, text: &str, sign: &str) -> Outcome<Sign> {
    match sign.trim() {
        "+" => Ok(Sign::NonNegative),
        "-" | "−" => Ok(Sign::NonPositive),
        _ => Err(Failure::input(format!("{option} `{text}`: the sign must be + or -"))),
    }
}
