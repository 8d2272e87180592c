//! From options to the parts of the method.

use super::arguments::{MethodArguments, PenaltyName, ProblemArguments, RuleName, UpdateName};
use super::solve::in_penalty;
use crate::failure::{Failure, Outcome};
use crate::input::{find_name, parse_number, split_list};
use ndarray::Array1;
use orthant::bcd::{
    ActiveRule, Bcd, Blocks, CubicConstant, DiagonalBound, Partition, Penalty, Rule, ScoreNorm, Update,
};
use orthant::core_optim::prox::{BoxConstraint, ElasticNet, GroupL2, L1, NonNegative};

/// How the variables of the problem come from features and classes: variable `feature · classes + class`, the intercepts last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) features: usize,
    /// 1 for a loss of one linear predictor.
    pub(super) classes: usize,
    pub(super) intercept: bool,
}

impl Layout {
    pub(super) fn variables(&self) -> usize {
        (self.features + usize::from(self.intercept)) * self.classes
    }

    /// 1 for each coefficient, 0 for the intercepts.
    fn penalised(&self) -> Array1<f64> {
        let penalised = self.features * self.classes;
        Array1::from_shape_fn(self.variables(), |i| if i < penalised { 1.0 } else { 0.0 })
    }
}

/// The method.
pub(super) fn method(arguments: &MethodArguments) -> Outcome<Bcd> {
    let mut method = Bcd::new().tolerance(arguments.tolerance).seed(arguments.seed).trace(true);
    if let Some(text) = &arguments.blocks {
        method = method.blocks(blocks(text)?);
    }
    if let Some(rule) = arguments.rule {
        let fixed = arguments.blocks.as_ref().is_some_and(|text| !text.starts_with("variable"));
        method = method.rule(self::rule(rule, fixed));
    }
    if let Some(update) = arguments.update {
        method = method.update(self::update(update));
    }
    if arguments.one_norm_scores {
        method = method.score_norm(ScoreNorm::L1);
    }
    if let Some(iterations) = arguments.max_iterations {
        method = method.max_iterations(iterations);
    }
    Ok(method)
}

fn blocks(text: &str) -> Outcome<Blocks> {
    let refuse = || {
        Failure::input(format!(
            "--blocks `{text}`: write `variable:N`, `order:N`, `sort:N`, `average:N`, `row-sum-sort:N`, `row-sum-average:N`, \
             `random:N` or `whole`"
        ))
    };
    if text == "whole" {
        return Ok(Blocks::Fixed(Partition::Whole));
    }
    let (kind, size) = text.split_once(':').ok_or_else(refuse)?;
    let size: usize = size.parse().map_err(|_| refuse())?;
    Ok(match kind {
        "variable" => Blocks::Variable(size),
        "order" => Blocks::Fixed(Partition::Order(size)),
        "sort" => Blocks::Fixed(Partition::Sort(size)),
        "average" => Blocks::Fixed(Partition::Average(size)),
        "row-sum-sort" => Blocks::Fixed(Partition::RowSumSort(size)),
        "row-sum-average" => Blocks::Fixed(Partition::RowSumAverage(size)),
        "random" => Blocks::Fixed(Partition::Random(size)),
        _ => return Err(refuse()),
    })
}

fn rule(name: RuleName, fixed: bool) -> Rule {
    match name {
        RuleName::Cyclic => Rule::Cyclic,
        RuleName::Permuted => Rule::Permuted,
        RuleName::Random => Rule::Random,
        RuleName::Lipschitz => Rule::Lipschitz,
        RuleName::Gs => Rule::Gs,
        RuleName::Gsl => Rule::Gsl,
        RuleName::Gsd => Rule::Gsd(if fixed { DiagonalBound::Gershgorin } else { DiagonalBound::Lipschitz }),
        RuleName::Gsq => Rule::Gsq,
        RuleName::GsqGreedy => Rule::GsqGreedy,
        RuleName::GsqThresholding => Rule::GsqThresholding,
        RuleName::MaximumImprovement => Rule::MaximumImprovement,
        RuleName::GsModel => Rule::GsModel,
        RuleName::GsLength => Rule::GsLength,
        RuleName::GsSubgradient => Rule::GsSubgradient,
    }
}

fn update(name: UpdateName) -> Update {
    match name {
        UpdateName::Gradient => Update::Gradient,
        UpdateName::Estimated => Update::Estimated { relax: 1.0 },
        UpdateName::Matrix => Update::Matrix,
        UpdateName::Newton => Update::newton(),
        UpdateName::Cubic => Update::Cubic(CubicConstant::Adaptive),
        UpdateName::Exact => Update::Exact,
        UpdateName::ProxNewton => Update::prox_newton(),
        UpdateName::TwoMetric => Update::TwoMetric(ActiveRule::default()),
        UpdateName::TwoMetricL1 => Update::TwoMetricL1,
    }
}

/// The penalty at the level λ.
pub(super) fn penalty(
    arguments: &ProblemArguments,
    layout: Layout,
    lambda: f64,
    names: &[String],
) -> Outcome<Penalty<f64>> {
    let refuse = |error: orthant::core_optim::Error| Failure::input(error.to_string());
    let weights = layout.penalised();
    Ok(match arguments.penalty {
        PenaltyName::None if in_penalty(arguments) => {
            ElasticNet::weighted(0.0, arguments.ridge, &weights).map_err(refuse)?.into()
        }
        PenaltyName::None => Penalty::None,
        PenaltyName::L1 if arguments.ridge == 0.0 => L1::weighted(lambda, &weights).map_err(refuse)?.into(),
        PenaltyName::L1 | PenaltyName::ElasticNet => {
            ElasticNet::weighted(lambda, arguments.ridge, &weights).map_err(refuse)?.into()
        }
        PenaltyName::NonNegative if layout.intercept => {
            return Err(Failure::input(
                "--penalty non-negative keeps every variable >= 0 and so the intercept; centre the response and pass \
                 --no-intercept, or use --penalty box --bounds 0:",
            ));
        }
        PenaltyName::NonNegative => NonNegative::weighted(lambda, &weights).map_err(refuse)?.into(),
        PenaltyName::Box => {
            let Some(text) = &arguments.bounds else {
                return Err(Failure::input("--penalty box needs --bounds LOW:HIGH; either end may be empty"));
            };
            let (low, high) = bounds(text)?;
            let lower = weights.mapv(|w| if w > 0.0 { low } else { f64::NEG_INFINITY });
            let upper = weights.mapv(|w| if w > 0.0 { high } else { f64::INFINITY });
            BoxConstraint::new(&lower, &upper).map_err(refuse)?.into()
        }
        PenaltyName::Group => {
            GroupL2::new(layout.variables(), lambda, &groups(arguments, layout, names)?).map_err(refuse)?.into()
        }
    })
}

/// The two ends of `LOW:HIGH`.
pub(super) fn bounds(text: &str) -> Outcome<(f64, f64)> {
    let Some((low, high)) = text.split_once(':') else {
        return Err(Failure::input(format!("--bounds `{text}`: write LOW:HIGH; either end may be empty")));
    };
    let end = |part: &str, none: f64| {
        if part.trim().is_empty() { Ok(none) } else { parse_number("--bounds", text, part) }
    };
    Ok((end(low, f64::NEG_INFINITY)?, end(high, f64::INFINITY)?))
}

/// The variables of each group of features.
fn groups(arguments: &ProblemArguments, layout: Layout, names: &[String]) -> Outcome<Vec<Vec<usize>>> {
    let mut home: Vec<Option<usize>> = vec![None; layout.features];
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (number, text) in arguments.group.iter().enumerate() {
        members.push(Vec::new());
        for name in split_list("--group", text)? {
            let feature = find_name("--group", &name, names)?;
            if home[feature].replace(number).is_some() {
                return Err(Failure::input(format!("--group: `{name}` is in two groups")));
            }
            members[number].push(feature);
        }
    }
    members.extend((0..layout.features).filter(|&feature| home[feature].is_none()).map(|feature| vec![feature]));
    let variables =
        |features: &Vec<usize>| features.iter().flat_map(|f| f * layout.classes..(f + 1) * layout.classes).collect();
    Ok(members.iter().map(variables).collect())
}
