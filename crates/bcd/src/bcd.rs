//! The configuration.

use crate::fit::{Fit, Progress};
use crate::fixed_select::FixedSelect;
use crate::forest_select::ForestSelect;
use crate::partition::Partition;
use crate::rule::{DiagonalBound, Rule, ScoreNorm};
use crate::run::{LoopOptions, run};
use crate::select::Select;
use crate::step::{Problem, Step};
use crate::update::Update;
use crate::variable_select::VariableSelect;
use crate::{Error, Objective, Penalty, Result, State, state_at};
use core_optim::{Observer, Unobserved};
use core_tensor::{Scalar, check_range};
use ndarray::{Array1, ArrayRef1};

/// Block coordinate descent: blocks × rule × update, put together by value.
///
/// | option | default | legal |
/// | --- | --- | --- |
/// | [`blocks`](Self::blocks) | chosen by the problem, see [`Bcd::new`] | |
/// | [`rule`](Self::rule) | the same | |
/// | [`update`](Self::update) | the same | |
/// | [`tolerance`](Self::tolerance) | 10⁻⁶ | [0, 1) |
/// | [`max_iterations`](Self::max_iterations) | 100 ⌈p/τ⌉, at least 1000 | any |
/// | [`check_every`](Self::check_every) | greedy rules: a tenth of an epoch, at most 10; others: an epoch | ≥ 1 |
/// | [`support_cap`](Self::support_cap) | chosen by the problem; 0 with parts of one's own | any |
/// | [`score_norm`](Self::score_norm) | `L2` | |
/// | [`seed`](Self::seed) | 0 | any |
/// | [`trace`](Self::trace) | off | |
///
/// The run ends when the duality gap is at most tolerance · max(|F|, |dual|), or, where there is no dual bound, the KKT residual at
/// most tolerance · ‖∇f(0)‖∞; at the iteration limit; or when a whole epoch brings no decrease.
#[derive(Debug, Clone, PartialEq)]
pub struct Bcd {
    blocks: Option<Blocks>,
    rule: Option<Rule>,
    update: Option<Update>,
    tolerance: f64,
    iterations: Option<usize>,
    check_every: Option<usize>,
    support_cap: Option<usize>,
    norm: ScoreNorm,
    seed: u64,
    trace: bool,
}

/// Which blocks there are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blocks {
    /// A partition made once.
    Fixed(Partition),
    /// Any τ coordinates; τ > p counts as p.
    Variable(usize),
    /// A forest of the Hessian's graph, grown anew for each update.
    Forest,
}

impl Default for Bcd {
    fn default() -> Self {
        Self::new()
    }
}

impl Bcd {
    /// Everything chosen by the problem:
    ///
    /// | problem | blocks | rule | update |
    /// | --- | --- | --- | --- |
    /// | least squares or logistic, l1, elastic net or non-negative l1, 200 variables or more | the working sets of `core_optim` | | |
    /// | sparse Hessian with a graph, no penalty or bounds | a partition into forests | `Cyclic` | `Forest` |
    /// | smooth, f quadratic | 50 variable | `Gsd(Lipschitz)` | `Matrix` |
    /// | smooth | 50 variable | `Gsd(Lipschitz)` | `Newton` |
    /// | L1, elastic net, bounds | 50 variable | `GsModel` | `ProxNewton`, with the support as the block once the pattern is quiet |
    /// | other penalties | 50 variable | `GsModel` | `ProxNewton` |
    ///
    /// A free coordinate is an intercept to working sets if it is the only one and its column is constant.
    ///
    /// Working sets keep no trace, no observer and no limit of block updates: whoever sets one of these gets blocks. Their fits
    /// count passes over working sets as iterations, and outer iterations as the time of identification.
    #[must_use]
    pub fn new() -> Self {
        Self {
            blocks: None,
            rule: None,
            update: None,
            tolerance: 1e-6,
            iterations: None,
            check_every: None,
            support_cap: None,
            norm: ScoreNorm::L2,
            seed: 0,
            trace: false,
        }
    }

    /// Sets the blocks.
    #[must_use]
    pub fn blocks(mut self, blocks: Blocks) -> Self {
        self.blocks = Some(blocks);
        self
    }

    /// Sets the rule.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Sets the update.
    #[must_use]
    pub fn update(mut self, update: Update) -> Self {
        self.update = Some(update);
        self
    }

    /// Sets the relative tolerance.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets the largest number of block updates.
    #[must_use]
    pub const fn max_iterations(mut self, iterations: usize) -> Self {
        self.iterations = Some(iterations);
        self
    }

    /// Sets after how many updates the certificate is computed (it costs a full gradient where the rule does not).
    #[must_use]
    pub const fn check_every(mut self, updates: usize) -> Self {
        self.check_every = Some(updates);
        self
    }

    /// Sets the largest block that the superlinear controller may form: once the pattern has not changed for two updates and the
    /// support S is no larger, the block is S and the worst violators. 0 switches it off.
    #[must_use]
    pub const fn support_cap(mut self, cap: usize) -> Self {
        self.support_cap = Some(cap);
        self
    }

    /// Sets the norm in which Gs, Gsl and Gsd compare fixed blocks.
    #[must_use]
    pub const fn score_norm(mut self, norm: ScoreNorm) -> Self {
        self.norm = norm;
        self
    }

    /// Sets the seed of random rules and partitions.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Keeps one entry per update in the result.
    #[must_use]
    pub const fn trace(mut self, trace: bool) -> Self {
        self.trace = trace;
        self
    }

    /// Minimises f + g from x = 0 (projected on the domain of g).
    ///
    /// # Errors
    /// Options out of range, a penalty for another number of variables, a combination that is impossible, blocks that are none,
    /// and what the block algebra can meet ([`Error::Unbounded`], …).
    pub fn fit<T: Scalar>(&self, objective: &dyn Objective<T>, penalty: &Penalty<T>) -> Result<Fit<T>> {
        self.fit_from(objective, penalty, &Array1::zeros(objective.variables()))
    }

    /// The same from `x` (p), projected on the domain of g: a warm start.
    ///
    /// # Errors
    /// The same, and an `x` of a wrong length or with entries that are not finite.
    pub fn fit_from<T: Scalar>(
        &self,
        objective: &dyn Objective<T>,
        penalty: &Penalty<T>,
        x: &ArrayRef1<T>,
    ) -> Result<Fit<T>> {
        let automatic = self.blocks.is_none() && self.rule.is_none() && self.update.is_none();
        if automatic && !self.trace && self.iterations.is_none() {
            self.check()?;
            penalty.check_dimension(objective.variables())?;
            crate::error::check_length("x", x, objective.variables(), "the objective has that many variables")?;
            core_tensor::check_finite("x", x)?;
            let mut start = x.to_owned();
            penalty.project(&mut start);
            if let Some(fit) = objective.solve_as_a_whole(penalty, &start, self.tolerance)? {
                return Ok(fit);
            }
        }
        self.fit_observed(objective, penalty, x, &mut Unobserved)
    }

    /// The same, with an observer that sees every update and can end the run: progress, time limits, checkpoints.
    ///
    /// # Errors
    /// The same.
    pub fn fit_observed<T: Scalar>(
        &self,
        objective: &dyn Objective<T>,
        penalty: &Penalty<T>,
        x: &ArrayRef1<T>,
        observer: &mut dyn for<'a> Observer<Progress<'a, T>>,
    ) -> Result<Fit<T>> {
        let (problem, mut state) = self.start(objective, penalty, x)?;
        let choice = self.resolve(&problem);
        if choice.update == Update::Forest {
            self.check_forest_blocks(&choice.blocks)?;
        } else if choice.blocks == Blocks::Forest {
            return Err(Error::Incompatible {
                first: "Blocks::Forest",
                second: "this update",
                reason: "it would solve a dense system of half of all variables; use Update::Forest",
            });
        }
        let mut step = choice.update.build(&problem)?;
        if matches!(choice.update, Update::Estimated { .. }) {
            state.estimates = vec![T::zero(); objective.variables()];
        }
        let (seed, rule) = (self.seed, choice.rule);
        let mut select: Box<dyn Select<T>> = match &choice.blocks {
            Blocks::Fixed(partition) => {
                let blocks = partition.blocks(&problem, &mut state, seed)?;
                Box::new(FixedSelect::new(&problem, &mut state, blocks, rule, self.norm, seed)?)
            }
            Blocks::Variable(tau) => {
                if self.norm == ScoreNorm::L1 {
                    let reason = "variable blocks compare single coordinates, for which the norms agree";
                    return Err(Error::Incompatible { first: "ScoreNorm::L1", second: "variable blocks", reason });
                }
                Box::new(VariableSelect::new(&problem, &mut state, *tau, rule, seed)?)
            }
            Blocks::Forest => Box::new(ForestSelect::new(&problem, &mut state, rule, seed)?),
        };
        self.run(&problem, state, &mut *select, &mut *step, choice.support_cap, observer)
    }

    /// Runs the loop with a rule and an update of one's own; `blocks`, `rule`, `update` and `score_norm` of the configuration are not
    /// looked at.
    ///
    /// # Errors
    /// Options out of range, and the errors of the parts.
    pub fn fit_with<T: Scalar>(
        &self,
        objective: &dyn Objective<T>,
        penalty: &Penalty<T>,
        x: &ArrayRef1<T>,
        select: &mut dyn Select<T>,
        step: &mut dyn Step<T>,
        observer: &mut dyn for<'a> Observer<Progress<'a, T>>,
    ) -> Result<Fit<T>> {
        let (problem, state) = self.start(objective, penalty, x)?;
        step.check(&problem)?;
        self.run(&problem, state, select, step, 0, observer)
    }

    /// Minimises f + g for each penalty in turn, each from the solution before: a regularisation path.
    ///
    /// # Errors
    /// The same as [`fit`](Self::fit).
    pub fn fit_path<T: Scalar>(
        &self,
        objective: &dyn Objective<T>,
        penalties: impl IntoIterator<Item = Penalty<T>>,
    ) -> Result<Vec<Fit<T>>> {
        let mut x = Array1::zeros(objective.variables());
        let mut fits = Vec::new();
        for penalty in penalties {
            let fit = self.fit_from(objective, &penalty, &x)?;
            x.assign(&fit.x);
            fits.push(fit);
        }
        Ok(fits)
    }

    fn check(&self) -> Result<()> {
        let tolerance = self.tolerance;
        check_range("tolerance", tolerance, (0.0..1.0).contains(&tolerance), "in [0, 1)")?;
        let updates = self.check_every.unwrap_or(1);
        Ok(check_range("check_every", updates as f64, updates >= 1, ">= 1")?)
    }

    fn start<'a, T: Scalar>(
        &self,
        objective: &'a dyn Objective<T>,
        penalty: &'a Penalty<T>,
        x: &ArrayRef1<T>,
    ) -> Result<(Problem<'a, T>, State<T>)> {
        self.check()?;
        let problem = Problem::new(objective, penalty)?;
        crate::error::check_length("x", x, objective.variables(), "the objective has that many variables")?;
        let mut start = x.to_owned();
        penalty.project(&mut start);
        let state = state_at(objective, &start)?;
        Ok((problem, state))
    }

    fn run<T: Scalar>(
        &self,
        problem: &Problem<'_, T>,
        state: State<T>,
        select: &mut dyn Select<T>,
        step: &mut dyn Step<T>,
        controller: usize,
        observer: &mut dyn for<'a> Observer<Progress<'a, T>>,
    ) -> Result<Fit<T>> {
        let epoch = select.epoch().max(1);
        let usual = if select.needs_gradient() { (epoch / 10).clamp(1, 10) } else { epoch };
        let options = LoopOptions {
            tolerance: self.tolerance,
            iterations: self.iterations.unwrap_or((100 * epoch).max(1000)),
            check_every: self.check_every.unwrap_or(usual),
            trace: self.trace,
            controller,
        };
        run(problem, state, select, step, options, observer)
    }

    /// What is chosen where nothing was said.
    fn resolve<T: Scalar>(&self, problem: &Problem<'_, T>) -> Choice {
        let automatic = self.blocks.is_none() && self.rule.is_none() && self.update.is_none();
        let (objective, penalty) = (problem.objective, problem.penalty);
        let bounds = matches!(penalty, Penalty::None | Penalty::NonNegative(_) | Penalty::Box(_));
        let forests = match &self.update {
            None => objective.graph().is_some() && bounds && !matches!(self.blocks, Some(Blocks::Variable(_))),
            Some(update) => *update == Update::Forest,
        };
        let blocks = self.blocks.clone().unwrap_or(if forests {
            Blocks::Fixed(Partition::Forests(crate::partition::Visit::Natural))
        } else {
            Blocks::Variable(50)
        });
        let rule = self.rule.unwrap_or(match (&blocks, penalty.is_none()) {
            (Blocks::Fixed(_), _) if forests => Rule::Cyclic,
            (Blocks::Forest, true) => Rule::Gs,
            (Blocks::Forest, false) => Rule::GsSubgradient,
            (Blocks::Fixed(_), true) => Rule::Gsd(DiagonalBound::Gershgorin),
            (_, true) => Rule::Gsd(DiagonalBound::Lipschitz),
            (_, false) => Rule::GsModel,
        });
        let on_forests = matches!(
            blocks,
            Blocks::Forest | Blocks::Fixed(Partition::Forests(_) | Partition::Colouring(_) | Partition::User(_))
        );
        let update = self.update.unwrap_or(if forests && on_forests {
            Update::Forest
        } else if penalty.is_none() {
            if objective.is_quadratic() { Update::Matrix } else { Update::newton() }
        } else {
            Update::prox_newton()
        });
        let support_cap =
            self.support_cap.unwrap_or(if automatic && penalty.shape(0).is_some() && !penalty.is_none() && !forests {
                2000
            } else {
                0
            });
        Choice { blocks, rule, update, support_cap }
    }

    fn check_forest_blocks(&self, blocks: &Blocks) -> Result<()> {
        match blocks {
            Blocks::Forest | Blocks::Fixed(Partition::Forests(_) | Partition::Colouring(_) | Partition::User(_)) => {
                Ok(())
            }
            _ => Err(Error::Incompatible {
                first: "Update::Forest",
                second: "these blocks",
                reason: "they need not induce forests; use Blocks::Forest, Forests, Colouring or User",
            }),
        }
    }
}

struct Choice {
    blocks: Blocks,
    rule: Rule,
    update: Update,
    support_cap: usize,
}
