//! What maps between embeddings are worth: retrieval, compatibility, partial backfilling.

use super::contrastive::check_labels;
use crate::Result;
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::{Scalar, check_finite, check_range, check_shape};
use ndarray::{Array2, ArrayRef2, Axis};

/// How near two embeddings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Distance {
    /// ‖a - b‖.
    #[default]
    Euclidean,
    /// 1 - ⟨a, b⟩/(‖a‖ ‖b‖); a zero vector is at distance 1 of everything.
    Cosine,
}

/// Quality of a retrieval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Retrieval {
    /// Fraction of queries whose nearest gallery item, itself left out, has their label (CMC top-1).
    pub top_1: f64,
    /// Mean over queries of the average precision; queries without another item of their class do not count.
    pub mean_average_precision: f64,
}

/// Queries (n × d) against a gallery (n × d) of the same items in the same order: item i is not offered to query i. Ties go to the item with
/// the lower number. O(n² (d + log n)).
///
/// # Errors
/// Other shapes, another number of labels, fewer than two items, entries that are not finite.
pub fn retrieve<T: Scalar>(
    queries: &ArrayRef2<T>,
    gallery: &ArrayRef2<T>,
    labels: &[usize],
    distance: Distance,
) -> Result<Retrieval> {
    let n = queries.nrows();
    check_range("queries", n as f64, n > 1, "at least 2 rows")?;
    check_labels(labels, n)?;
    let distances = distances(queries, gallery, distance)?;
    let (mut right, mut precision, mut counted) = (0, 0.0, 0);
    let mut order: Vec<usize> = Vec::with_capacity(n);
    for (i, row) in distances.outer_iter().enumerate() {
        order.clear();
        order.extend((0..n).filter(|&j| j != i));
        order.sort_by(|&a, &b| row[a].total_cmp(&row[b]).then(a.cmp(&b)));
        right += usize::from(labels[order[0]] == labels[i]);
        let (mut found, mut sum) = (0, 0.0);
        for (rank, &j) in order.iter().enumerate() {
            if labels[j] == labels[i] {
                found += 1;
                sum += f64::from(found) / (rank + 1) as f64;
            }
        }
        if found > 0 {
            precision += sum / f64::from(found);
            counted += 1;
        }
    }
    let mean_average_precision = if counted > 0 { precision / f64::from(counted) } else { f64::NAN };
    Ok(Retrieval { top_1: right as f64 / n as f64, mean_average_precision })
}

/// How often new embeddings keep the promises of old ones: over all pairs i ≠ j, the fraction with `d(newᵢ, oldⱼ) ≤ d(oldᵢ, oldⱼ)` of one class,
/// or `≥` of different classes.
///
/// # Errors
/// As [`retrieve`].
pub fn compatibility<T: Scalar>(
    new: &ArrayRef2<T>,
    old: &ArrayRef2<T>,
    labels: &[usize],
    distance: Distance,
) -> Result<f64> {
    let n = new.nrows();
    check_range("new", n as f64, n > 1, "at least 2 rows")?;
    check_labels(labels, n)?;
    let (across, within) = (distances(new, old, distance)?, distances(old, old, distance)?);
    let mut kept = 0_usize;
    for ((i, j), &now) in across.indexed_iter().filter(|((i, j), _)| i != j) {
        let before = within[[i, j]];
        kept += usize::from(if labels[i] == labels[j] { now <= before } else { now >= before });
    }
    Ok(kept as f64 / (n * (n - 1)) as f64)
}

/// Retrieval while a gallery is re-embedded: `queries` against `stale` rows, of which a growing part is replaced by `fresh` ones, those furthest
/// from the mean of their class first. One entry for each of `steps` ≥ 2 equal fractions from 0 to 1; their mean is the area under the
/// curve (trapezoids).
///
/// # Errors
/// As [`retrieve`], and fewer than 2 steps.
pub fn backfilling<T: Scalar>(
    queries: &ArrayRef2<T>,
    stale: &ArrayRef2<T>,
    fresh: &ArrayRef2<T>,
    labels: &[usize],
    distance: Distance,
    steps: usize,
) -> Result<Vec<Retrieval>> {
    check_range("steps", steps as f64, steps >= 2, "at least 2")?;
    check_shape("fresh", fresh, stale.shape(), "`stale` has that shape")?;
    check_finite("stale", stale)?;
    check_labels(labels, stale.nrows())?;
    let order = worst_first(stale, labels, distance)?;
    let mut gallery = stale.to_owned();
    let (mut replaced, mut curve) = (0, Vec::with_capacity(steps));
    for step in 0..steps {
        let wanted = (order.len() * step + (steps - 1) / 2) / (steps - 1);
        for &row in &order[replaced..wanted.max(replaced)] {
            gallery.row_mut(row).assign(&fresh.row(row));
        }
        replaced = wanted.max(replaced);
        curve.push(retrieve(queries, &gallery, labels, distance)?);
    }
    Ok(curve)
}

/// The area under a curve over [0, 1] with equally spaced points.
#[must_use]
pub fn area(curve: &[f64]) -> f64 {
    let segments: f64 = curve.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).sum();
    segments / (curve.len().max(2) - 1) as f64
}

/// Rows by decreasing distance to the mean of their class.
fn worst_first<T: Scalar>(x: &ArrayRef2<T>, labels: &[usize], distance: Distance) -> Result<Vec<usize>> {
    let mut classes: Vec<usize> = labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let class_of = |label: usize| classes.binary_search(&label).unwrap_or(0);
    let mut means = Array2::<T>::zeros((classes.len(), x.ncols()));
    let mut counts = vec![0_usize; classes.len()];
    for (row, &label) in x.outer_iter().zip(labels) {
        means.row_mut(class_of(label)).zip_mut_with(&row, |m, &v| *m += v);
        counts[class_of(label)] += 1;
    }
    for (mut mean, &count) in means.outer_iter_mut().zip(&counts) {
        mean.mapv_inplace(|v| v / <T as Scalar>::from_f64(count as f64));
    }
    let distances = distances(x, &means, distance)?;
    let mut order: Vec<usize> = (0..x.nrows()).collect();
    let own = |row: usize| distances[[row, class_of(labels[row])]];
    order.sort_by(|&a, &b| own(b).total_cmp(&own(a)).then(a.cmp(&b)));
    Ok(order)
}

/// Distances of all rows of `a` (n × d) to all of `b` (m × d).
fn distances<T: Scalar>(a: &ArrayRef2<T>, b: &ArrayRef2<T>, distance: Distance) -> Result<Array2<f64>> {
    check_finite("queries", a)?;
    check_finite("gallery", b)?;
    check_shape("gallery", b, &[b.nrows(), a.ncols()], "queries and gallery have the same coordinates")?;
    let (mut a, mut b) = (a.mapv(Scalar::to_f64), b.mapv(Scalar::to_f64));
    if distance == Distance::Cosine {
        for x in [&mut a, &mut b] {
            for mut row in x.outer_iter_mut() {
                let norm = row.dot(&row).sqrt();
                if norm > 0.0 {
                    row.mapv_inplace(|v| v / norm);
                }
            }
        }
    }
    let mut products = Array2::zeros((a.nrows(), b.nrows()));
    gemm_into(&mut products, Accumulate::Replace, 1.0, &a, &b.t())?;
    match distance {
        Distance::Cosine => products.mapv_inplace(|p| 1.0 - p),
        Distance::Euclidean => {
            let squares = |x: &Array2<f64>| x.map_axis(Axis(1), |row| row.dot(&row));
            let (of_a, of_b) = (squares(&a), squares(&b));
            // Squared distances order as distances do, and are compared with each other only.
            for ((i, j), p) in products.indexed_iter_mut() {
                *p = (of_a[i] + of_b[j] - 2.0 * *p).max(0.0);
            }
        }
    }
    Ok(products)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_small_retrieval_by_hand() {
        // On a line: 0, 1 | 3, 10 with classes 0, 0, 1, 1.
        let x = array![[0.0], [1.0], [3.0], [10.0]];
        let found = retrieve(&x, &x, &[0, 0, 1, 1], Distance::Euclidean).unwrap();
        // Nearest: 1, 0, 1 (wrong), 2.
        assert_eq!(found.top_1, 0.75);
        // Ranks of the right item: 1, 1, 3 (after 1 and 0), 1.
        assert!((found.mean_average_precision - (1.0 + 1.0 + 1.0 / 3.0 + 1.0) / 4.0).abs() < 1e-15);
        let all = compatibility(&x, &x, &[0, 0, 1, 1], Distance::Euclidean).unwrap();
        assert_eq!(all, 1.0);
    }

    #[test]
    fn backfilling_runs_from_stale_to_fresh() {
        let fresh = array![[0.0, 0.0], [0.1, 0.0], [5.0, 0.0], [5.1, 0.0]];
        let stale = array![[5.0, 0.0], [0.1, 0.0], [5.0, 0.0], [0.0, 0.0]];
        let labels = [0, 0, 1, 1];
        let curve = backfilling(&fresh, &stale, &fresh, &labels, Distance::Euclidean, 3).unwrap();
        let before = retrieve(&fresh, &stale, &labels, Distance::Euclidean).unwrap();
        assert_eq!((curve[0], curve.len()), (before, 3));
        assert_eq!(curve[2].top_1, 1.0);
        assert!(curve[0].top_1 < 1.0);
        assert_eq!(area(&[0.0, 1.0, 1.0]), 0.75);
        assert!(backfilling(&fresh, &stale, &fresh, &labels, Distance::Cosine, 1).is_err());
    }
}
