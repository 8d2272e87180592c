//! From a configuration and a covariance to a fit: starts, stages, choice.

use crate::acyclicity::LogDet;
use crate::adam::{self, AdamWorkspace};
use crate::colide::{Colide, Finish, Solver, Start};
use crate::evidence::Evidence;
use crate::fit::{Candidate, Fit, Warning};
use crate::graph::Dag;
use crate::knowledge::{Constraints, Diagonal, Edge};
use crate::newton::{self, NewtonWorkspace};
use crate::order::constrained_min_pivot_order;
use crate::polish::{self, Allowed};
use crate::problem::{Problem, State};
use crate::refit::refit_columns;
use crate::schedule::Schedule;
use crate::score::NoiseModel;
use crate::search::Search;
use crate::trace::{Progress, Stage, StageEnd};
use crate::{Acyclicity, Error, Result, drop_only_cycle_edges, threshold_and_prune};
use core_optim::Observer;
use core_tensor::{Scalar, check_finite, check_range, check_shape};
use ndarray::Array2;

type Watch<'o> = dyn for<'a> Observer<Progress<'a>> + 'o;

/// Everything that one fit shares between its starts.
pub(crate) struct Setup {
    pub(crate) problem: Problem,
    pub(crate) constraints: Constraints,
    pub(crate) evidence: Evidence,
    /// What the data were divided by; noise scales are multiplied back.
    pub(crate) divisor: f64,
    /// Factor of μ that undoes a change of scale made only against overflow.
    pub(crate) mu_factor: f64,
    pub(crate) warnings: Vec<Warning>,
}

/// The l1 weights of a problem with this diagonal.
fn l1_weights(config: &Colide, setup: &Setup, diagonal: Diagonal) -> Result<Array2<f64>> {
    // In the non-negative form of h every self-loop costs: it has no free diagonal.
    let diagonal = if config.acyclicity == Acyclicity::NonNegative { Diagonal::Pinned } else { diagonal };
    setup.constraints.l1(config.sparsity / setup.mu_factor, config.penalty_weights.as_ref(), diagonal)
}

pub(crate) fn prepare(config: &Colide, evidence: Evidence) -> Result<Setup> {
    let d = evidence.check()?;
    let main = &evidence.main;
    if d > 0 && main.matrix.diag().iter().all(|&v| v == 0.0) {
        return Err(Error::ZeroVariance { argument: "covariance" });
    }
    let constraints = config.knowledge.compile(d)?;
    if let Some(weights) = &config.initial_weights {
        check_shape("initial_weights", weights, &[d, d], "the data have that many columns")?;
        check_finite("initial_weights", weights)?;
    }
    let mut floor = config.floor.values(config.model, main)?;
    let mut known_scales = config.known_scales.clone();
    if let Some(scales) = &known_scales {
        check_shape("known_scales", scales, &[d], "there is one for each variable")?;
        for &scale in scales {
            check_range("known_scales", scale, scale > 0.0 && scale.is_finite(), "finite and > 0")?;
        }
    }

    // Units chosen by the user change the problem. A power of two that only keeps squares in range does not: dividing
    // the data by c is undone by λ/c and c μ.
    let units = config.units.divisor(main);
    let (covariances, matrix_of) = evidence.covariances();
    let variances = covariances.iter().flat_map(|c| c.matrix.diag());
    let largest = variances.copied().fold(0.0, f64::max).sqrt() / units;
    let safe = if (1e-60..1e60).contains(&largest) || largest == 0.0 {
        1.0
    } else {
        <f64 as Scalar>::exp2_integer(largest.log2().round() as i32)
    };
    let divisor = units * safe;
    floor /= divisor;
    if let Some(scales) = &mut known_scales {
        *scales /= divisor;
    }
    // In two steps: the square of the divisor may overflow where the quotient does not.
    let matrices = covariances.iter().map(|c| (&c.matrix / divisor) / divisor).collect();

    let warnings = Warning::of_data(main);
    let l1 = constraints.l1(config.sparsity / safe, config.penalty_weights.as_ref(), Diagonal::Pinned)?;
    let mut problem = Problem::with_matrices(matrices, matrix_of, config.model, floor, l1);
    problem.known_scales = known_scales;
    problem.scored = constraints.exogenous.iter().map(|exogenous| !exogenous).collect();
    problem.acyclicity = config.acyclicity;
    problem.signs = match config.acyclicity {
        Acyclicity::Squared => constraints.signs.clone(),
        Acyclicity::NonNegative => Some(constraints.non_negative_signs()?),
    };
    forbid_constant_columns(&mut problem);
    Ok(Setup { problem, constraints, evidence, divisor, mu_factor: safe, warnings })
}

/// A column without variance can have no edges.
fn forbid_constant_columns(problem: &mut Problem) {
    for j in 0..problem.variables() {
        if problem.covariance(j)[[j, j]] == 0.0 {
            problem.l1.row_mut(j).fill(f64::INFINITY);
            problem.l1.column_mut(j).fill(f64::INFINITY);
        }
    }
}

/// Starting weights without what the problem rules out: the solvers keep a weight that is fixed at zero where it is.
fn admissible(problem: &Problem, weights: &Array2<f64>) -> Array2<f64> {
    let mut start = weights.clone();
    for ((i, j), w) in start.indexed_iter_mut() {
        if !(problem.l1[[i, j]].is_finite() && problem.sign(i, j).allows(w.signum())) {
            *w = 0.0;
        }
    }
    start
}

/// Where the solvers begin when a neighbouring problem has been solved already.
#[derive(Debug, Clone, Default)]
pub(crate) enum Warm {
    /// No such problem.
    #[default]
    Cold,
    /// The same data at another λ: the weights (d × d) at the end of the first stage of each start.
    FirstStages(Vec<Option<Array2<f64>>>),
    /// Resampled data: the weights at the end of each start's path, and the learned graph.
    Fit { paths: Vec<Array2<f64>>, graph: Array2<f64> },
}

impl Warm {
    /// Beginning at a fit of all rows.
    pub(crate) fn at_fit(fit: &Fit) -> Self {
        let paths = fit.candidates.iter().map(|candidate| candidate.path_weights.clone()).collect();
        Self::Fit { paths, graph: crate::support(&fit.weights) }
    }
}

pub(crate) fn fit(config: &Colide, evidence: Evidence, observer: &mut Watch<'_>) -> Result<Fit> {
    Ok(fit_warm(config, evidence, observer, &Warm::Cold)?.0)
}

/// [`fit`] from a warm start; also returns the warm start for the next λ.
pub(crate) fn fit_warm(
    config: &Colide,
    evidence: Evidence,
    observer: &mut Watch<'_>,
    warm: &Warm,
) -> Result<(Fit, Warm)> {
    let mut setup = prepare(config, evidence)?;
    let starts = config.effective_starts(setup.problem.variables());
    let mut candidates = Vec::with_capacity(starts.len());
    let mut first_stages = Vec::with_capacity(starts.len());
    let mut stopped = false;
    for (number, &start) in starts.iter().enumerate() {
        let mut context = Context { config, setup: &mut setup, number, starts: starts.len(), observer };
        let (found, first_stage) = context.candidate(start, warm)?;
        stopped = found.stages.last().is_some_and(|stage| stage.end == StageEnd::Stopped);
        candidates.push(found);
        first_stages.push(first_stage);
        if stopped {
            break;
        }
    }
    // A run that was stopped returns at once: the later, unbounded parts are left out.
    let finish = if stopped { Finish::Threshold } else { config.effective_finish() };
    Ok((choose(config, setup, candidates, finish)?, Warm::FirstStages(first_stages)))
}

/// One start of one fit.
struct Context<'a, 'o> {
    config: &'a Colide,
    setup: &'a mut Setup,
    number: usize,
    starts: usize,
    observer: &'a mut Watch<'o>,
}

impl Context<'_, '_> {
    /// The candidate of one start, and the weights at the end of its first stage.
    fn candidate(&mut self, start: Start, warm: &Warm) -> Result<(Candidate, Option<Array2<f64>>)> {
        let (diagonal, slow) = match start {
            Start::Order => return Ok((self.order_candidate()?, None)),
            Start::Path(diagonal) => (diagonal, false),
            Start::SlowPath(diagonal) => (diagonal, true),
        };
        let mut schedule = if slow { Schedule::logarithmic(13)? } else { self.config.schedule.clone() };
        let mut initial = self.config.initial_weights.as_ref();
        match warm {
            Warm::Cold => {}
            Warm::FirstStages(weights) => initial = weights.get(self.number).and_then(Option::as_ref).or(initial),
            Warm::Fit { paths, graph } => {
                if self.config.effective_finish() == Finish::Search {
                    let path = paths.get(self.number).unwrap_or(graph).clone();
                    return Ok((Candidate::new(start, path, graph.clone(), Vec::new()), None));
                }
                initial = paths.get(self.number).or(initial);
                schedule = schedule.last_stage();
            }
        }
        self.setup.problem.l1 = l1_weights(self.config, self.setup, diagonal)?;
        forbid_constant_columns(&mut self.setup.problem);
        let (state, stages, first) = self.walk(&schedule, initial)?;
        let graph = self.acyclic_support(&state.w)?;
        Ok((Candidate::new(start, state.w, graph, stages), first))
    }

    fn order_candidate(&mut self) -> Result<Candidate> {
        self.setup.problem.l1 = l1_weights(self.config, self.setup, Diagonal::Pinned)?;
        forbid_constant_columns(&mut self.setup.problem);
        let order = constrained_min_pivot_order(&self.setup.evidence.main.matrix, &self.setup.constraints);
        let polished = polish::polish(&self.setup.problem, &Allowed::order(&order), None);
        let graph = self.acyclic_support(&polished.state.w)?;
        Ok(Candidate::new(Start::Order, polished.state.w, graph, Vec::new()))
    }

    /// Walks the central path from `initial`, or from zero; also returns the weights at the end of its first stage.
    fn walk(
        &mut self,
        schedule: &Schedule,
        initial: Option<&Array2<f64>>,
    ) -> Result<(State, Vec<Stage>, Option<Array2<f64>>)> {
        let mut state = match initial {
            Some(weights) => State::at(&self.setup.problem, &admissible(&self.setup.problem, weights)),
            None => State::start(&self.setup.problem),
        };
        let is_common = self.config.known_scales.is_none() && self.config.model == NoiseModel::EqualVariance;
        if self.config.is_reference() && initial.is_none() && is_common {
            // The reference starts the common scale at the smallest standard deviation. The fast solver must start at the
            // closed form: from another scale its objective is not the profile, and it leaves W = 0 where that is optimal.
            let smallest = state.q.iter().copied().filter(|&q| q > 0.0).fold(f64::INFINITY, f64::min).sqrt();
            state.scales.fill(if smallest.is_finite() { smallest } else { 1.0 });
        }
        let mut solver = match self.config.solver {
            Solver::ProximalNewton(_) => Engine::Newton(Box::new(NewtonWorkspace::new(&self.setup.problem))),
            Solver::ReferenceAdam(_) => Engine::Adam(Box::new(AdamWorkspace::new(&self.setup.problem))),
        };
        let count = schedule.stages().len();
        let mut stages = Vec::with_capacity(count);
        let mut first = None;
        for (number, (mu, s)) in schedule.stages().enumerate() {
            let stage = self.stage(number, count, mu, s, &mut state, &mut solver)?;
            let end = stage.end;
            stages.push(stage);
            if number == 0 {
                first = Some(state.w.clone());
            }
            if end == StageEnd::Stopped {
                break;
            }
        }
        Ok((state, stages, first))
    }

    /// Solves one stage; when it cannot start (or the reference leaves the domain), again with s + 0.1 and, for the
    /// reference, half the step size.
    fn stage(
        &mut self,
        number: usize,
        of: usize,
        mu: f64,
        s: f64,
        state: &mut State,
        solver: &mut Engine,
    ) -> Result<Stage> {
        let scaled_mu = mu * self.setup.mu_factor;
        let before = state.clone();
        let (mut raised, mut rate_halvings) = (s, 0);
        for _attempt in 0..=MAXIMUM_RAISES {
            let mut last = (0, f64::NAN, f64::NAN);
            let (start, starts, observer) = (self.number, self.starts, &mut *self.observer);
            let mut observe = |step: &crate::trace::Step<'_>| {
                last = (step.iteration, step.objective, step.h);
                observer.iteration(&Progress { start, starts, stage: number, stages: of, step: *step })
            };
            let (end, iterations) = match (&mut *solver, self.config.solver) {
                (Engine::Newton(work), Solver::ProximalNewton(options)) => {
                    let problem = &self.setup.problem;
                    let end = newton::solve_stage(problem, scaled_mu, raised, state, options, work, &mut observe);
                    (end, None)
                }
                (Engine::Adam(work), Solver::ReferenceAdam(options)) => {
                    let limit = if number + 1 == of { options.final_iterations } else { options.warm_iterations };
                    let rate = options.learning_rate / f64::from(1_u32 << rate_halvings.min(31));
                    let problem = &self.setup.problem;
                    let outcome =
                        adam::run_stage(problem, scaled_mu, raised, rate, limit, &options, state, work, &mut observe);
                    (outcome.end, Some(outcome.iterations))
                }
                _ => unreachable!("the engine was made for the configured solver"),
            };
            if end != StageEnd::LeftDomain {
                if raised > s {
                    self.setup.warnings.push(Warning::DomainRaised { stage: number, s: raised });
                }
                let (steps, objective, h) = if last.0 > 0 { last } else { self.standstill(scaled_mu, raised, state) };
                return Ok(Stage { mu, s: raised, steps: iterations.unwrap_or(steps), objective, h, end });
            }
            state.clone_from(&before);
            raised += 0.1;
            rate_halvings += 1;
        }
        Err(Error::OutOfDomain { s: raised - 0.1 })
    }

    /// Objective and h of a stage that took no step.
    fn standstill(&self, mu: f64, s: f64, state: &State) -> (usize, f64, f64) {
        let problem = &self.setup.problem;
        let mut log_det = LogDet::with_form(problem.variables(), problem.acyclicity);
        let h = log_det.value_unchecked(&state.w, s).unwrap_or(f64::INFINITY);
        (0, mu * state.penalised_score(problem) + h, h)
    }

    /// The support of the thresholded weights without cycles; required edges always stay.
    fn acyclic_support(&self, w: &Array2<f64>) -> Result<Array2<f64>> {
        let mut strength = w.mapv(f64::abs);
        ndarray::Zip::from(&mut strength).and(&self.setup.constraints.edges).for_each(|strength, &edge| {
            if edge == Edge::Required {
                *strength = f64::MAX;
            }
        });
        let kept = if self.config.is_reference() {
            threshold_and_prune(&strength, self.config.threshold)?
        } else {
            drop_only_cycle_edges(&crate::threshold(&strength, self.config.threshold)?)?
        };
        Ok(kept.mapv(|v| f64::from(u8::from(v != 0.0))))
    }
}

/// At most this many raises of s by 0.1 before a start counts as outside every domain.
const MAXIMUM_RAISES: usize = 100;

enum Engine {
    Newton(Box<NewtonWorkspace>),
    Adam(Box<AdamWorkspace>),
}

/// Finishes every candidate, keeps the best and estimates everything on it.
fn choose(config: &Colide, mut setup: Setup, mut candidates: Vec<Candidate>, finish: Finish) -> Result<Fit> {
    setup.problem.l1 = l1_weights(config, &setup, Diagonal::Pinned)?;
    forbid_constant_columns(&mut setup.problem);
    let mut best: Option<(usize, Finished)> = None;
    for (index, candidate) in candidates.iter_mut().enumerate() {
        let finished = finish_candidate(config, &setup, candidate, finish)?;
        // Of starts that led to equally good graphs the first counts: rounding must not choose.
        if best.as_ref().is_none_or(|(_, best)| finished.rank < best.rank - 1e-11 * best.rank.abs()) {
            best = Some((index, finished));
        }
    }
    let Some((chosen, Finished { weights, optimality, ridged, .. })) = best else {
        return Err(core_tensor::Error::Empty { argument: "starts", expected: "start" }.into());
    };
    if ridged {
        setup.warnings.push(Warning::SingularColumns);
    }
    let state = State::at(&setup.problem, &weights);
    let dag = Dag::from_weights("weights", &weights)?;
    let evidence = setup.evidence;
    let refit = refit_columns(
        &dag,
        |j| {
            let own = evidence.of_column(j);
            (&own.matrix, own.samples)
        },
        |j| setup.problem.scored[j],
        evidence.main.samples,
    );
    let weights = weights.as_standard_layout().into_owned();
    let mut fit = Fit {
        objective: state.penalised_score(&setup.problem) * setup.mu_factor,
        noise_scales: &state.scales * setup.divisor,
        weights,
        order: dag.order().to_vec(),
        model: config.model,
        sparsity: config.sparsity,
        threshold: config.threshold,
        finish,
        optimality,
        refit,
        chosen,
        candidates,
        warnings: setup.warnings,
        covariance: evidence.main,
    };
    fit.warn()?;
    Ok(fit)
}

struct Finished {
    /// The lowest wins.
    rank: f64,
    weights: Array2<f64>,
    optimality: Option<f64>,
    ridged: bool,
}

fn finish_candidate(config: &Colide, setup: &Setup, candidate: &mut Candidate, finish: Finish) -> Result<Finished> {
    let problem = &setup.problem;
    match finish {
        Finish::Threshold => {
            let mut weights = candidate.path_weights.clone();
            weights *= &candidate.graph;
            candidate.objective = State::at(problem, &weights).penalised_score(problem) * setup.mu_factor;
            Ok(Finished { rank: candidate.objective, weights, optimality: None, ridged: false })
        }
        Finish::Polish => {
            let order = Dag::from_weights("weights", &candidate.graph)?.order().to_vec();
            let polished = polish::polish(problem, &Allowed::order(&order), Some(&candidate.path_weights));
            candidate.objective = polished.state.penalised_score(problem) * setup.mu_factor;
            let weights = thresholded(&polished.state.w, config.threshold, &setup.constraints);
            candidate.graph = weights.mapv(|w| f64::from(u8::from(w != 0.0)));
            Ok(Finished {
                rank: candidate.objective,
                weights,
                optimality: Some(polished.violation),
                ridged: polished.ridged,
            })
        }
        Finish::Search => {
            let samples = (0..problem.variables())
                .map(|j| if problem.scored[j] { setup.evidence.of_column(j).samples } else { 0.0 })
                .collect();
            let mut search = Search::new(problem, &setup.constraints, samples, &candidate.graph);
            candidate.moves = search.run(usize::MAX);
            let rank = search.criterion();
            candidate.criterion = Some(rank);
            let graph = search.graph();
            let polished = polish::polish(problem, &Allowed::support(&graph), Some(&candidate.path_weights));
            candidate.objective = polished.state.penalised_score(problem) * setup.mu_factor;
            let weights = thresholded(&polished.state.w, config.threshold, &setup.constraints);
            candidate.graph = weights.mapv(|w| f64::from(u8::from(w != 0.0)));
            Ok(Finished { rank, weights, optimality: Some(polished.violation), ridged: polished.ridged })
        }
    }
}

/// The weights above the threshold, and those of required edges.
fn thresholded(w: &Array2<f64>, threshold: f64, constraints: &Constraints) -> Array2<f64> {
    ndarray::Zip::from(w)
        .and(&constraints.edges)
        .map_collect(|&w, &edge| if w.abs() > threshold || edge == Edge::Required { w } else { 0.0 })
}
