//! The commands.

use super::arguments::{CostName, InspectArguments, LayoutName, ProxArguments, PruneArguments, TensorArguments};
use super::document::{Document, GroupRow, TensorRecord};
use crate::failure::{Failure, Outcome};
use crate::output::{Folder, Head, document_json, records_csv};
use crate::regression::Target;
use crate::tensors::{Content, TensorFile};
use ndarray::{ArrayD, Axis};
use orthant::wgsef::{Groups, Weights, Wgsef, Workspace, compact};

const FILES: [&str; 6] = ["tensors.safetensors", "tensor.npy", "groups.csv", "norms.svg", "report.html", "wgsef.json"];
const SCHEMA: &str = "orthant-wgsef";
const SCHEMA_VERSION: u32 = 1;

enum Action<'a> {
    Inspect,
    Prox { lambda: f64, cost: CostName },
    Prune { compact: bool, follow: &'a [String] },
}

/// `orthant wgsef inspect`.
pub(crate) fn inspect(arguments: &InspectArguments) -> Outcome<()> {
    run(&arguments.tensors, &Action::Inspect)
}

/// `orthant wgsef prox`.
pub(crate) fn prox(arguments: &ProxArguments) -> Outcome<()> {
    let lambda = arguments.lambda;
    if !(lambda >= 0.0 && lambda.is_finite()) {
        return Err(Failure::input(format!("--lambda is {lambda}; it must be finite and >= 0")));
    }
    run(&arguments.tensors, &Action::Prox { lambda, cost: arguments.cost })
}

/// `orthant wgsef prune`.
pub(crate) fn prune(arguments: &PruneArguments) -> Outcome<()> {
    let layout = arguments.tensors.layout;
    if arguments.compact && layout.axis().is_none() {
        return Err(Failure::input("--compact needs --layout filters or channels: other groups leave holes"));
    }
    if !arguments.follow.is_empty() && layout != LayoutName::Filters {
        return Err(Failure::input("--follow needs --layout filters: it is about outputs"));
    }
    run(&arguments.tensors, &Action::Prune { compact: arguments.compact, follow: &arguments.follow })
}

fn run(arguments: &TensorArguments, action: &Action<'_>) -> Outcome<()> {
    if !(arguments.keep > 0.0 && arguments.keep <= 1.0) {
        return Err(Failure::input(format!("--keep is {}; it must be above 0 and at most 1", arguments.keep)));
    }
    if arguments.budget == Some(0) {
        return Err(Failure::input("--budget is 0; at least one group must be allowed"));
    }
    let target = Target::open("wgsef", &arguments.results)?;
    let mut file = TensorFile::read(&arguments.file)?;
    let chosen = file.choose(&arguments.file, arguments.tensor.as_deref(), 2..=usize::MAX, "two or more axes")?;
    let shown = arguments.file.display().to_string();
    let mut tensors: Vec<ArrayD<f64>> = Vec::new();
    let mut groups = Vec::new();
    for &number in &chosen {
        let Some(values) = file.numbers(number) else { continue };
        groups.push(
            layout(arguments.layout, values.shape()).map_err(|error| refusal(&file.tensors[number].name, &error))?,
        );
        tensors.push(values.clone());
    }
    let before = tensors.clone();
    let names: Vec<String> = chosen.iter().map(|&number| file.tensors[number].name.clone()).collect();
    let mut kept: Vec<Vec<bool>> = Vec::new();
    let mut norms: Vec<Vec<f64>> = Vec::new();
    let mut budgets = vec![None; names.len()];
    let mut work = Workspace::default();
    if arguments.global {
        let counts: Vec<usize> = groups.iter().map(Groups::count).collect();
        let all = Groups::concatenated(groups.iter().cloned()).map_err(|error| refusal(&shown, &error))?;
        let omega = function(all, arguments, action).map_err(|error| refusal(&shown, &error))?;
        let flags = apply(&omega, &mut tensors, action, &mut work).map_err(|error| refusal(&shown, &error))?;
        let mut begin = 0;
        for count in counts {
            kept.push(flags[begin..begin + count].to_vec());
            norms.push(work.norms()[begin..begin + count].to_vec());
            begin += count;
        }
    } else {
        for (number, groups) in groups.iter().enumerate() {
            let name = &names[number];
            let omega = function(groups.clone(), arguments, action).map_err(|error| refusal(name, &error))?;
            budgets[number] = Some(omega.budget());
            let one = std::slice::from_mut(&mut tensors[number]);
            kept.push(apply(&omega, one, action, &mut work).map_err(|error| refusal(name, &error))?);
            norms.push(work.norms().to_vec());
        }
    }
    if matches!(action, Action::Inspect) {
        tensors = before;
    }
    let mut records = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let (groups, kept) = (&groups[number], &kept[number]);
        let left: usize = (0..groups.count()).filter(|&j| kept[j]).map(|j| groups.size(j)).sum();
        records.push(TensorRecord {
            name: name.clone(),
            shape: tensors[number].shape().to_vec(),
            shape_after: tensors[number].shape().to_vec(),
            groups: groups.count(),
            budget: budgets[number],
            kept: kept.iter().filter(|kept| **kept).count(),
            share: left as f64 / groups.entries().max(1) as f64,
            norms: std::mem::take(&mut norms[number]),
            kept_groups: (0..groups.count()).filter(|&j| kept[j]).collect(),
        });
    }
    for ((&number, values), _) in chosen.iter().zip(tensors).zip(&names) {
        if let Content::Numbers { values: stored, .. } = &mut file.tensors[number].content {
            *stored = values;
        }
    }
    if let Action::Prune { compact: true, follow } = action {
        shrink(&mut file, arguments.layout, &names, &kept, follow)?;
        for (record, &number) in records.iter_mut().zip(&chosen) {
            if let Some(values) = file.numbers(number) {
                record.shape_after = values.shape().to_vec();
            }
        }
    }
    let entries: f64 = records.iter().map(|r| r.shape.iter().product::<usize>() as f64).sum();
    let left: f64 = records.iter().map(|r| r.share * r.shape.iter().product::<usize>() as f64).sum();
    let document = Document {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        file: shown,
        action: match action {
            Action::Inspect => "inspect",
            Action::Prox { .. } => "prox",
            Action::Prune { .. } => "prune",
        },
        lambda: if let Action::Prox { lambda, .. } = action { *lambda } else { 0.0 },
        global: arguments.global,
        groups: records.iter().map(|record| record.groups).sum(),
        kept: records.iter().map(|record| record.kept).sum(),
        share: left / entries.max(1.0),
        tensors: records,
    };
    let rows: Vec<GroupRow<'_>> = document
        .tensors
        .iter()
        .zip(&kept)
        .flat_map(|(record, kept)| {
            let row = |(group, (&norm, &kept))| GroupRow { tensor: &record.name, group, norm, kept };
            record.norms.iter().zip(kept).enumerate().map(row)
        })
        .collect();
    let (json, chart) = (document_json(&document)?, document.chart());
    let mut folder = Folder::new();
    if !matches!(action, Action::Inspect) {
        folder.add(file.file_name(), file.bytes()?);
    }
    folder.add("groups.csv", records_csv(&rows)?);
    folder.add("report.html", document.report(&chart));
    folder.add("norms.svg", chart);
    folder.add("wgsef.json", json.clone());
    target.finish(&folder, &FILES, &json, &document.summary())
}

fn layout(name: LayoutName, shape: &[usize]) -> orthant::wgsef::Result<Groups> {
    match name {
        LayoutName::Filters => Groups::filters(shape),
        LayoutName::Channels => Groups::channels(shape),
        LayoutName::FilterShapes => Groups::filter_shapes(shape),
        LayoutName::Kernels => Groups::kernels(shape),
        LayoutName::Weights => Groups::singletons(shape),
    }
}

fn function(groups: Groups, arguments: &TensorArguments, action: &Action<'_>) -> orthant::wgsef::Result<Wgsef> {
    let share = (arguments.keep * groups.count() as f64).ceil() as usize;
    let weights = match action {
        Action::Prox { cost: CostName::Size, .. } => Weights::sizes(&groups)?,
        // Selection goes by the norm alone.
        _ => Weights::plain(),
    };
    Wgsef::new(groups, arguments.budget.unwrap_or(share.max(1)))?.weights(weights)
}

/// Changes the tensors; the kept groups. The norms before stand in the workspace.
fn apply(
    omega: &Wgsef,
    tensors: &mut [ArrayD<f64>],
    action: &Action<'_>,
    work: &mut Workspace,
) -> orthant::wgsef::Result<Vec<bool>> {
    match action {
        Action::Prox { lambda, .. } => omega.prox_in_place(tensors, *lambda, work).map(|_| ())?,
        // Selection by the norm alone: what is kept changes least.
        Action::Inspect | Action::Prune { .. } => omega.hard_prox_in_place(tensors, 0.0, work).map(|_| ())?,
    }
    Ok(work.multipliers().iter().zip(work.norms()).map(|(&u, &norm)| u > 0.0 && norm > 0.0).collect())
}

/// Removes what is zero, from the tensors, their biases, and those that read them.
fn shrink(
    file: &mut TensorFile,
    layout: LayoutName,
    names: &[String],
    kept: &[Vec<bool>],
    follow: &[String],
) -> Outcome<()> {
    let Some(axis) = layout.axis() else { return Ok(()) };
    let mut changes: Vec<(String, usize, &[bool])> = Vec::new();
    for (name, kept) in names.iter().zip(kept) {
        changes.push((name.clone(), axis, kept));
        let bias = name.strip_suffix("weight").map(|stem| format!("{stem}bias"));
        if let (0, Some(bias)) = (axis, bias.filter(|bias| file.position(bias).is_some())) {
            changes.push((bias, 0, kept));
        }
    }
    for pair in follow {
        let Some((weight, next)) = pair.split_once('=') else {
            return Err(Failure::input(format!("--follow `{pair}`: write WEIGHT=NEXT")));
        };
        let Some(number) = names.iter().position(|name| name == weight) else {
            return Err(Failure::input(format!("--follow: `{weight}` is not one of the pruned tensors")));
        };
        if file.position(next).is_none() {
            return Err(Failure::input(format!("--follow: the file has no tensor `{next}`")));
        }
        changes.push((next.to_owned(), 1, &kept[number]));
    }
    for (name, axis, kept) in changes {
        let Some(number) = file.position(&name) else { continue };
        let Content::Numbers { values, .. } = &mut file.tensors[number].content else {
            return Err(Failure::input(format!(
                "`{name}` is not of 32- or 64-bit floating-point numbers and cannot be compacted"
            )));
        };
        if values.ndim() > axis && values.len_of(Axis(axis)) != kept.len() {
            return Err(Failure::input(format!(
                "`{name}` has {} positions on axis {axis}, but {} are expected",
                values.len_of(Axis(axis)),
                kept.len()
            )));
        }
        *values = compact(values, axis, kept).map_err(|error| refusal(&name, &error))?;
    }
    Ok(())
}

fn refusal(name: &str, error: &orthant::wgsef::Error) -> Failure {
    Failure::input(format!("`{name}`: {error}"))
}
