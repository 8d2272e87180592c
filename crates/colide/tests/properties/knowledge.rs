//! Prior knowledge is respected exactly, by every start, solver and finish.

use crate::problems::{config, order, rows};
use colide::{AdamOptions, Colide, Dag, Diagonal, Edge, Finish, Knowledge, NoiseModel, Sign, Solver, Start};
use ndarray::Array2;
use proptest::prelude::*;

const MODELS: [NoiseModel; 2] = [NoiseModel::EqualVariance, NoiseModel::NonEqualVariance];

/// What is known about the pair (earlier, later) of a hidden order.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fact {
    Nothing,
    Required,
    Forbidden,
    ReverseForbidden,
}

/// Knowledge that a hidden order makes consistent, with its pieces.
#[derive(Debug, Clone)]
struct Known {
    knowledge: Knowledge,
    required: Vec<(usize, usize)>,
    forbidden: Vec<(usize, usize)>,
    signs: Vec<(usize, usize, Sign)>,
}

fn known(d: usize) -> impl Strategy<Value = Known> {
    let fact = prop_oneof![
        6 => Just(Fact::Nothing),
        1 => Just(Fact::Required),
        2 => Just(Fact::Forbidden),
        1 => Just(Fact::ReverseForbidden),
    ];
    let sign = prop_oneof![4 => Just(Sign::Free), 1 => Just(Sign::NonNegative), 1 => Just(Sign::NonPositive)];
    let pairs = d * d;
    (order(d), prop::collection::vec(fact, pairs), prop::collection::vec(sign, pairs), 0..3_u8, 0..=d).prop_map(
        move |(order, facts, signs, shape, cut)| {
            let mut known = Known { knowledge: Knowledge::new(), required: vec![], forbidden: vec![], signs: vec![] };
            let tiers = shape == 1;
            if tiers {
                let parts = vec![order[..cut].to_vec(), order[cut..].to_vec()];
                known.knowledge = known.knowledge.tiers(parts);
                for &late in &order[cut..] {
                    order[..cut].iter().for_each(|&early| known.forbidden.push((late, early)));
                }
            }
            if shape == 2 {
                // The first of the order is a root and the last a leaf.
                let (root, leaf) = (order[0], order[d - 1]);
                known.knowledge = known.knowledge.root(root).leaf(leaf);
                (0..d).filter(|&i| i != root).for_each(|i| known.forbidden.push((i, root)));
                (0..d).filter(|&j| j != leaf).for_each(|j| known.forbidden.push((leaf, j)));
            }
            for (a, &i) in order.iter().enumerate() {
                for (b, &j) in order.iter().enumerate().skip(a + 1) {
                    match facts[a * d + b] {
                        Fact::Nothing => {}
                        Fact::Required => {
                            known.knowledge = known.knowledge.require(i, j);
                            known.required.push((i, j));
                            known.forbidden.push((j, i));
                        }
                        Fact::Forbidden => {
                            known.knowledge = known.knowledge.forbid(i, j);
                            known.forbidden.push((i, j));
                        }
                        Fact::ReverseForbidden => {
                            known.knowledge = known.knowledge.forbid(j, i);
                            known.forbidden.push((j, i));
                        }
                    }
                }
            }
            for i in 0..d {
                for j in (0..d).filter(|&j| j != i) {
                    let sign = signs[i * d + j];
                    if sign != Sign::Free {
                        known.knowledge = known.knowledge.sign(i, j, sign);
                        known.signs.push((i, j, sign));
                    }
                }
            }
            known
        },
    )
}

fn check(known: &Known, w: &Array2<f64>, has_sign: bool) -> std::result::Result<(), TestCaseError> {
    for &edge in &known.forbidden {
        prop_assert!(w[edge] == 0.0, "{edge:?} is forbidden, but has weight {}", w[edge]);
    }
    for &(i, j, sign) in &known.signs {
        let value = w[[i, j]];
        prop_assert!(if sign == Sign::NonNegative { value >= 0.0 } else { value <= 0.0 }, "{i} {j} {value}");
    }
    for &edge in &known.required {
        // A sign constraint can make the best weight zero.
        let free = !known.signs.iter().any(|&(i, j, _)| (i, j) == edge);
        prop_assert!(!has_sign || !free || w[edge] != 0.0, "{edge:?} is required, but {w}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn every_fit_respects_it(
        (d, known) in (2..=6_usize).prop_flat_map(|d| (Just(d), known(d))),
        seed in any::<u64>(),
        equal in any::<bool>(),
        threshold in prop_oneof![Just(0.0), Just(0.3), Just(5.0)],
    ) {
        let x = rows(d, 60, equal, seed);
        let starts = [
            Start::Path(Diagonal::Free),
            Start::Path(Diagonal::Pinned),
            Start::SlowPath(Diagonal::Pinned),
            Start::Order,
        ];
        for start in starts {
            for finish in [Finish::Threshold, Finish::Polish, Finish::Search] {
                let config = Colide::new(MODELS[usize::from(!equal)])
                    .starts([start])
                    .finish(finish)
                    .threshold(threshold)
                    .knowledge(known.knowledge.clone());
                let fit = config.fit(&x).unwrap();
                check(&known, &fit.weights, true)?;
                check(&known, &fit.candidates[0].path_weights, false)?;
                prop_assert!(Dag::from_weights("weights", &fit.weights).is_ok());
                // Only required edges may be below the threshold.
                for (edge, w) in fit.weights.indexed_iter() {
                    prop_assert!(*w == 0.0 || w.abs() > threshold || known.required.contains(&edge));
                }
            }
        }
        let options = AdamOptions { learning_rate: 3e-3, warm_iterations: 60, final_iterations: 60, checkpoint: 20, ..Default::default() };
        let reference = Colide::new(MODELS[usize::from(!equal)])
            .solver(Solver::ReferenceAdam(options))
            .threshold(threshold)
            .knowledge(known.knowledge.clone());
        let fit = reference.fit(&x).unwrap();
        check(&known, &fit.weights, true)?;
    }

    /// Starting weights that break the rules do not lead the fit to break them.
    #[test]
    fn starting_weights_do_not_overrule_it(
        (d, known, start) in (2..=5_usize).prop_flat_map(|d| (Just(d), known(d), crate::problems::square(d, 0.4))),
        seed in any::<u64>(),
        equal in any::<bool>(),
        adam in any::<bool>(),
    ) {
        let x = rows(d, 60, equal, seed);
        let options = AdamOptions { learning_rate: 3e-3, warm_iterations: 60, final_iterations: 60, checkpoint: 20, ..Default::default() };
        for finish in [Finish::Threshold, Finish::Polish, Finish::Search] {
            let mut config = Colide::new(MODELS[usize::from(!equal)])
                .threshold(0.0)
                .finish(finish)
                .starts([Start::Path(Diagonal::Pinned)])
                .initial_weights(start.clone())
                .knowledge(known.knowledge.clone());
            if adam {
                config = config.solver(Solver::ReferenceAdam(options));
            }
            let fit = config.fit(&x).unwrap();
            prop_assert!(fit.candidates[0].path_weights.diag().iter().all(|&w| w == 0.0));
            check(&known, &fit.candidates[0].path_weights, false)?;
            check(&known, &fit.weights, true)?;
        }
    }

    /// The compiled matrices say what the pieces say.
    #[test]
    fn compiled_knowledge_is_the_knowledge((d, known) in (2..=6_usize).prop_flat_map(|d| (Just(d), known(d)))) {
        let compiled = known.knowledge.compile(d).unwrap();
        for ((i, j), &edge) in compiled.edges.indexed_iter() {
            let expected = if known.required.contains(&(i, j)) {
                Edge::Required
            } else if known.forbidden.contains(&(i, j)) {
                Edge::Forbidden
            } else {
                Edge::Free
            };
            prop_assert_eq!(edge, expected, "{} -> {}", i, j);
        }
        let sign = |i: usize, j: usize| known.signs.iter().find(|s| (s.0, s.1) == (i, j)).map_or(Sign::Free, |s| s.2);
        let signs = compiled.signs.unwrap_or_else(|| Array2::from_elem((d, d), Sign::Free));
        prop_assert!(signs.indexed_iter().all(|((i, j), &s)| s == sign(i, j)));
        prop_assert!(compiled.exogenous.iter().all(|&exogenous| !exogenous));
    }
}
