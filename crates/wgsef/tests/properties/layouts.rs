//! Every layout is what its index list says, whatever the memory.

use core_tensor::random::{normal_array, rng};
use ndarray::{Array, Array1, Array2, Array4, ArrayD, ArrayViewMutD, Axis, Dimension, Slice};
use wgsef::{Groups, Uncovered, Weights, Wgsef, Workspace};

/// Results by the list of owners on the flat vector.
fn by_list(groups: &Groups, x: &Array1<f64>, k: usize, lambda: f64) -> Array1<f64> {
    let mut lists = vec![Vec::new(); groups.count()];
    for (i, owner) in groups.owners(0).enumerate() {
        if let Some(j) = owner {
            lists[j].push(i);
        }
    }
    let mut pointers = vec![0];
    pointers.extend(lists.iter().scan(0, |end, list| {
        *end += list.len();
        Some(*end)
    }));
    let listed = Groups::indexed(x.len(), &pointers, &lists.concat(), Uncovered::Free).unwrap();
    Wgsef::new(listed, k).unwrap().prox(x, lambda).unwrap().0
}

#[track_caller]
fn check<D: Dimension>(groups: Groups, x: &Array<f64, D>) {
    let k = (groups.count() / 3).max(1);
    let flat: Array1<f64> = x.iter().copied().collect();
    let expected = by_list(&groups, &flat, k, 0.7);
    let omega = Wgsef::new(groups, k).unwrap();
    let mut work = Workspace::default();
    // NaN in the memory of an earlier call does not matter.
    let compare = |found: Vec<f64>, what: &str| {
        for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
            assert!((a - b).abs() <= 1e-13 * (1.0 + b.abs()), "{what}, entry {i}: {a}, expected {b}");
        }
    };
    let mut plain = x.clone();
    omega.prox_in_place(&mut plain, 0.7, &mut work).unwrap();
    compare(plain.iter().copied().collect(), "row-major");
    // The same numbers with the axes of memory reversed.
    let mut columns = x.t().as_standard_layout().into_owned().reversed_axes();
    omega.prox_in_place(&mut columns, 0.7, &mut work).unwrap();
    compare(columns.iter().copied().collect(), "column-major");
    // Every other entry of a larger array along the last axis, and backwards.
    let last = Axis(x.ndim() - 1);
    let mut shape = x.raw_dim();
    shape[last.index()] *= 2;
    let mut wide = Array::from_elem(shape, 7.0);
    wide.slice_axis_mut(last, Slice::from(..).step_by(2)).assign(x);
    omega.prox_in_place(&mut wide.slice_axis_mut(last, Slice::from(..).step_by(2)), 0.7, &mut work).unwrap();
    compare(wide.slice_axis(last, Slice::from(..).step_by(2)).iter().copied().collect(), "strided");
    assert!(wide.slice_axis(last, Slice::from(1..).step_by(2)).iter().all(|v| *v == 7.0));
    let mut backwards = x.clone();
    backwards.invert_axis(last);
    let mut turned = backwards.as_standard_layout().into_owned();
    turned.invert_axis(last);
    omega.prox_in_place(&mut turned, 0.7, &mut work).unwrap();
    compare(turned.iter().copied().collect(), "reversed");
    let single = omega.prox(&x.mapv(|v| v as f32), 0.7).unwrap().0;
    let close = single.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() <= 1e-5);
    assert!(close, "single precision");
}

#[test]
fn layouts_of_convolutions() {
    let shape = [6, 5, 3, 3];
    let x: Array4<f64> = normal_array(&mut rng(1), (6, 5, 3, 3));
    check(Groups::filters(&shape).unwrap(), &x);
    check(Groups::channels(&shape).unwrap(), &x);
    check(Groups::filter_shapes(&shape).unwrap(), &x);
    check(Groups::kernels(&shape).unwrap(), &x);
    check(Groups::whole(&shape).unwrap(), &x);
    check(Groups::singletons(&shape).unwrap(), &x);
    check(Groups::axes(&shape, &[3, 1]).unwrap(), &x);
    check(Groups::contiguous(&[100, 0, 70, 100]).unwrap(), &x);
    check(Groups::uniform(27, 10).unwrap(), &x);
    let (counts, sizes): (Vec<usize>, Vec<usize>) = [
        Groups::filters(&shape),
        Groups::channels(&shape),
        Groups::filter_shapes(&shape),
        Groups::kernels(&shape),
        Groups::whole(&shape),
        Groups::singletons(&shape),
    ]
    .map(|groups| groups.map(|groups| (groups.count(), groups.size(0))).unwrap())
    .into_iter()
    .unzip();
    assert_eq!((counts, sizes), (vec![6, 5, 45, 30, 1, 270], vec![45, 54, 6, 9, 270, 1]));
}

#[test]
fn layouts_of_dense_weights() {
    let x: Array2<f64> = normal_array(&mut rng(2), (7, 11));
    check(Groups::rows(7, 11).unwrap(), &x);
    check(Groups::columns(7, 11).unwrap(), &x);
    check(Groups::rows(7, 1).unwrap(), &normal_array::<f64, _, _>(&mut rng(3), (7, 1)));
    check(Groups::columns(1, 9).unwrap(), &normal_array::<f64, _, _>(&mut rng(3), (1, 9)));
    let indices: Vec<usize> = (0..77).map(|i| i * 10 % 77).collect();
    check(Groups::indexed(77, &[0, 20, 20, 41, 77], &indices, Uncovered::Refuse).unwrap(), &x);
    check(Groups::indexed(77, &[0, 20, 41], &indices[..41], Uncovered::Free).unwrap(), &x);
}

#[test]
fn free_coordinates_are_left_alone() {
    let groups = Groups::indexed(5, &[0, 2, 3], &[4, 0, 2], Uncovered::Free).unwrap();
    let omega = Wgsef::new(groups, 1).unwrap();
    let y = Array1::from(vec![1.0, 2.0, 3.0, 4.0, 5.0]);
    let (x, info) = omega.prox(&y, 10.0).unwrap();
    assert_eq!((x[1], x[3], info.kept), (2.0, 4.0, 1));
    assert_eq!(x[2], 0.0);
}

/// Neurons across three tensors, and one budget over two layers.
#[test]
fn composites_are_one_vector() {
    let (inputs, hidden, outputs) = (4, 6, 3);
    let w1: Array2<f64> = normal_array(&mut rng(4), (hidden, inputs));
    let b1: Array1<f64> = normal_array(&mut rng(5), hidden);
    let w2: Array2<f64> = normal_array(&mut rng(6), (outputs, hidden));
    let omega = Wgsef::new(Groups::neurons(inputs, hidden, outputs).unwrap(), 2).unwrap();
    let mut tensors: Vec<ArrayD<f64>> = vec![w1.clone().into_dyn(), b1.clone().into_dyn(), w2.clone().into_dyn()];
    let info = omega.prox_in_place(tensors.as_mut_slice(), 0.8, &mut Workspace::default()).unwrap();
    // The same neurons as contiguous groups.
    let neuron =
        |j: usize| w1.row(j).iter().copied().chain([b1[j]]).chain(w2.column(j).iter().copied()).collect::<Vec<_>>();
    let flat = Array1::from((0..hidden).flat_map(neuron).collect::<Vec<_>>());
    let size = inputs + 1 + outputs;
    let contiguous = Wgsef::new(Groups::uniform(hidden, size).unwrap(), 2).unwrap();
    let (expected, other) = contiguous.prox(&flat, 0.8).unwrap();
    assert_eq!(info.kept, other.kept);
    for j in 0..hidden {
        assert!((tensors[0][[j, 1]] - expected[j * size + 1]).abs() < 1e-14);
        assert!((tensors[1][[j]] - expected[j * size + inputs]).abs() < 1e-14);
        assert!((tensors[2][[2, j]] - expected[j * size + inputs + 3]).abs() < 1e-14);
    }
    let groups =
        Groups::concatenated([Groups::rows(hidden, inputs).unwrap(), Groups::columns(outputs, hidden).unwrap()]);
    let groups = groups.unwrap();
    assert_eq!((groups.count(), groups.size(0), groups.size(hidden), groups.tensors()), (12, inputs, outputs, 2));
    let flops = [vec![4.0; hidden], vec![3.0; hidden]].concat();
    let omega = Wgsef::new(groups, 5).unwrap().weights(Weights::costs(&flops).unwrap()).unwrap();
    let (mut a, mut b) = (w1.into_dyn(), w2.into_dyn());
    let mut views: Vec<ArrayViewMutD<'_, f64>> = vec![a.view_mut(), b.view_mut()];
    let kept = omega.hard_prox_in_place(views.as_mut_slice(), 0.1, &mut Workspace::default()).unwrap();
    assert_eq!(kept, 5);
}

/// Large enough for several threads: the same bits for any number of them.
#[test]
fn results_do_not_depend_on_threads() {
    let x: Array4<f64> = normal_array(&mut rng(7), (64, 40, 9, 9));
    let shape = [64, 40, 9, 9];
    let all = [
        Groups::filters(&shape),
        Groups::channels(&shape),
        Groups::filter_shapes(&shape),
        Groups::kernels(&shape),
        Groups::whole(&shape),
        Groups::singletons(&shape),
    ];
    for groups in all {
        let groups = groups.unwrap();
        let k = (groups.count() / 4).max(1);
        let omega = Wgsef::new(groups, k).unwrap();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (x, info) = pool.install(|| omega.prox(&x, 0.3).unwrap());
            (x.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), info)
        };
        assert_eq!(run(1), run(4));
    }
}

/// Zero, tiny and huge groups in double precision.
#[test]
fn norms_neither_overflow_nor_vanish() {
    for (size, layout) in [(1e-170, 0), (1e-310, 0), (1e200, 1), (1e-200, 1)] {
        let x = Array2::from_shape_fn((3, 4), |(i, j)| if i == 1 { 0.0 } else { size * (1 + i + j) as f64 });
        let groups = if layout == 0 { Groups::rows(3, 4) } else { Groups::columns(3, 4) }.unwrap();
        let omega = Wgsef::new(groups, 2).unwrap();
        let mut work = Workspace::default();
        omega.value_with(&x, &mut work).unwrap();
        let axis = Axis(layout);
        for (norm, lane) in work.norms().iter().zip(x.axis_iter(axis)) {
            let expected = size * lane.iter().map(|v| (v / size) * (v / size)).sum::<f64>().sqrt();
            // Subnormal numbers have few digits.
            assert!((norm - expected).abs() <= 1e-13 * expected + 1e-320, "{norm:e} {expected:e}");
        }
    }
}
