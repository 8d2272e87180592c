//! Observers see all of a run, change nothing of it, and can end it.

use crate::problems::Problem;
use sparse_linreg::{
    BestSubset, Certificate, ElasticNet, Entrant, Error, Folds, PathEnd, PathProgress, Preconditioner, Race,
    RelaxedLasso, Rsp, Search, SearchProgress, SearchStage, SelectionProgress, StabilitySelection,
};
use std::ops::ControlFlow;

const GO_ON: ControlFlow<()> = ControlFlow::Continue(());
const STOP: ControlFlow<()> = ControlFlow::Break(());

#[test]
fn paths_show_every_level_and_stop_where_they_are_told() {
    let p = Problem::new(30, 12, 1.0, 4);
    // Down to λ = 0: also levels that need no solver are seen.
    let lasso = ElasticNet::lasso().levels(20);
    let whole = lasso.fit_path(&p.x, &p.y).unwrap();
    let mut seen = Vec::new();
    let mut all = |state: &PathProgress<'_>| {
        assert_eq!((state.done, state.total), (seen.len() + 1, 20));
        seen.push(state.fit.clone());
        GO_ON
    };
    let watched = lasso.fit_path_observed(&p.x, &p.y, &mut all).unwrap();
    assert!(watched == whole && seen == whole.fits && whole.end == PathEnd::Complete);
    let mut seventh = |state: &PathProgress<'_>| if state.done == 7 { STOP } else { GO_ON };
    let part = lasso.fit_levels_observed(&p.x, &p.y, &whole.lambdas(), &mut seventh).unwrap();
    assert!(part.fits == whole.fits[..7] && part.end == PathEnd::Observer);
    assert_eq!(part.end.to_string(), "ended early: an observer stopped it");
    let mut last = |state: &PathProgress<'_>| if state.done == 20 { STOP } else { GO_ON };
    assert!(lasso.fit_path_observed(&p.x, &p.y, &mut last).unwrap() == whole, "nothing was left to stop");
}

/// Runs a cross-validation unobserved, observed, and stopped after the first batch of folds.
#[track_caller]
fn check_folds<R: PartialEq + std::fmt::Debug>(
    plain: Result<R, Error>,
    watched: impl Fn(&mut dyn FnMut(&SelectionProgress) -> ControlFlow<()>) -> Result<R, Error>,
) {
    let mut seen = Vec::new();
    let all = watched(&mut |state| {
        seen.push((state.done, state.total));
        GO_ON
    });
    assert_eq!(all, plain);
    assert!(seen.is_sorted() && seen.len() >= 3, "{seen:?}");
    assert_eq!(seen.last(), Some(&(8, 8)), "seven folds and the path on all rows");
    let stopped = watched(&mut |_| STOP);
    assert!(matches!(stopped, Err(Error::Stopped { what: "cross-validation", done: 1 | 4, total: 8 })), "{stopped:?}");
    // All folds are there: the result is complete.
    assert_eq!(watched(&mut |state| if state.done >= 7 { STOP } else { GO_ON }), plain);
}

#[test]
fn cross_validation_counts_folds() {
    let p = Problem::new(42, 10, 1.0, 5);
    let (x, y) = (&p.x, &p.y);
    let folds = Folds::shuffled(42, 7, 3).unwrap();
    let lasso = ElasticNet::lasso().levels(10);
    check_folds(lasso.cross_validate(x, y, &folds), |mut o| lasso.cross_validate_observed(x, y, &folds, &mut o));
    let levels = lasso.fit_path(x, y).unwrap().lambdas();
    check_folds(lasso.cross_validate_levels(x, y, &levels, &folds), |mut o| {
        lasso.cross_validate_levels_observed(x, y, &levels, &folds, &mut o)
    });
    let relaxed = RelaxedLasso::new(lasso, 0.3);
    check_folds(relaxed.cross_validate(x, y, &folds), |mut o| relaxed.cross_validate_observed(x, y, &folds, &mut o));
    let rsp = Rsp::new(Preconditioner::peel(3)).levels(10);
    check_folds(rsp.cross_validate(x, y, &folds).map(|found| found.curve), |mut o| {
        rsp.cross_validate_observed(x, y, &folds, &mut o).map(|found| found.curve)
    });
}

#[test]
fn subsets_count_folds_behind_the_path_on_all_rows() {
    let p = Problem::new(42, 10, 1.0, 5);
    let folds = Folds::shuffled(42, 7, 3).unwrap();
    let subset = BestSubset::new().sizes(0..=3);
    let mut seen = Vec::new();
    let mut all = |state: &SelectionProgress| {
        seen.push(state.done);
        GO_ON
    };
    let watched = subset.cross_validate_observed(&p.x, &p.y, &folds, &mut all).unwrap();
    assert!(watched == subset.cross_validate(&p.x, &p.y, &folds).unwrap() && seen == [1, 5, 8]);
    let mut stop = |_: &SelectionProgress| STOP;
    let stopped = subset.cross_validate_observed(&p.x, &p.y, &folds, &mut stop);
    assert_eq!(stopped, Err(Error::Stopped { what: "cross-validation", done: 1, total: 8 }));
}

#[test]
fn a_stopped_race_is_among_those_who_have_arrived() {
    let p = Problem::new(40, 10, 1.0, 6);
    let folds = Folds::shuffled(40, 5, 3).unwrap();
    let lasso = ElasticNet::lasso().levels(10);
    let race = Race::new([Entrant::Linear(lasso), Entrant::Subset(BestSubset::new().sizes(0..=3))]);
    let whole = race.run(&p.x, &p.y, &folds).unwrap();
    let run = |at: usize| {
        let mut last = 0;
        let mut observer = |state: &SelectionProgress| {
            assert!(state.total == 12 && state.done > last);
            last = state.done;
            if state.done >= at { STOP } else { GO_ON }
        };
        race.run_observed(&p.x, &p.y, &folds, &mut observer)
    };
    let all = run(usize::MAX).unwrap();
    assert!(all.heats == whole.heats && all.winner == whole.winner);
    // Six fits are the first entrant's; the seventh is in the middle of the second.
    for at in [6, 7] {
        let part = run(at).unwrap();
        assert!(part.heats == whole.heats[..1] && part.winner == 0, "stopped after {at}");
    }
    assert!(matches!(run(1), Err(Error::Stopped { .. })));
}

#[test]
fn stability_selection_speaks_of_the_samples_that_are_done() {
    let p = Problem::new(40, 10, 1.0, 7);
    let selection = StabilitySelection::new(ElasticNet::lasso().levels(10)).samples(10).seed(4);
    let whole = selection.run(&p.x, &p.y).unwrap();
    let mut seen = Vec::new();
    let mut all = |state: &SelectionProgress| {
        seen.push((state.done, state.total));
        GO_ON
    };
    assert!(selection.run_observed(&p.x, &p.y, &mut all).unwrap() == whole && whole.samples == 10);
    assert_eq!(seen, [(4, 10), (8, 10), (10, 10)]);
    let mut second = |state: &SelectionProgress| if state.done == 8 { STOP } else { GO_ON };
    let part = selection.run_observed(&p.x, &p.y, &mut second).unwrap();
    assert_eq!(part, selection.clone().samples(8).run(&p.x, &p.y).unwrap());
}

#[test]
fn searches_keep_the_sizes_that_are_done_and_the_best_until_then() {
    // A response that has nothing to do with the columns: hardly a support is better than the others, and many are looked at.
    let p = Problem { x: Problem::new(40, 24, 0.0, 8).x, y: Problem::new(40, 3, 0.0, 9).y };
    let splicing = BestSubset::new().sizes(0..=6);
    let whole = splicing.fit(&p.x, &p.y).unwrap();
    let mut third = |state: &SearchProgress| if state.done == 3 { STOP } else { GO_ON };
    let part = splicing.fit_observed(&p.x, &p.y, &mut third).unwrap();
    assert!(part.models == whole.models[..3]);
    let exhaustive = splicing.search(Search::Exhaustive);
    let mut nodes = 0;
    let mut count = |state: &SearchProgress| {
        nodes += usize::from(state.stage == SearchStage::BranchAndBound);
        GO_ON
    };
    let optimal = exhaustive.fit(&p.x, &p.y).unwrap();
    assert!(exhaustive.fit_observed(&p.x, &p.y, &mut count).unwrap() == optimal);
    assert!(nodes > 0, "the search is long enough to be seen");
    let mut stop = |state: &SearchProgress| if state.stage == SearchStage::BranchAndBound { STOP } else { GO_ON };
    let stopped = exhaustive.fit_observed(&p.x, &p.y, &mut stop).unwrap();
    assert!(stopped.models.iter().all(|model| model.certificate == Certificate::Stopped));
    assert_eq!(Certificate::Stopped.to_string(), "not certified: an observer ended the search");
    for (model, start) in stopped.models.iter().zip(&whole.models) {
        // Both are residuals of the same factorisation: a few roundings of a sum of 40 squares.
        assert!(model.rss <= start.rss * (1.0 + 1e-10));
    }
}
