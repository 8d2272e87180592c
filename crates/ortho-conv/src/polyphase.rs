//! The polyphase form: a layer of stride s is a layer of stride 1 on s^D times as many channels,
//! `K'[m, (c, p), b] = K[m, c, s b + p]`, with the smaller side of its matrices first.

use crate::Geometry;
use core_tensor::Scalar;
use ndarray::{ArrayRef, Dimension};

/// Where each entry of a kernel stands in the small-side polyphase array.
///
/// The array has shape (a, taps, b): a = min(M, C'), b = max(M, C'), taps of K' in row-major order; i is an output where M ≤ C', a phase
/// channel else. Entries that no tap of K falls on are 0.
#[derive(Debug, Clone)]
pub(crate) struct Polyphase {
    pub(crate) small: usize,
    pub(crate) large: usize,
    /// k' per dimension.
    pub(crate) size: Vec<usize>,
    positions: Vec<usize>,
}

impl Polyphase {
    /// For one group of `geometry`.
    pub(crate) fn new(geometry: &Geometry) -> Self {
        let group = geometry.group();
        let (outputs, inputs, phases) = (group.outputs(), group.inputs(), group.phase_channels());
        let by_row = outputs <= phases;
        let (small, large) = if by_row { (outputs, phases) } else { (phases, outputs) };
        let size = group.reduced_size();
        let taps: usize = size.iter().product();
        let mut positions = Vec::with_capacity(outputs * inputs * group.size().iter().product::<usize>());
        for m in 0..outputs {
            for c in 0..inputs {
                for_each_index(group.size(), |tap| {
                    let (mut phase, mut at) = (0, 0);
                    for (d, &a) in tap.iter().enumerate() {
                        let stride = group.stride()[d];
                        phase = phase * stride + a % stride;
                        at = at * size[d] + a / stride;
                    }
                    let channel = c * (phases / inputs) + phase;
                    let (i, j) = if by_row { (m, channel) } else { (channel, m) };
                    positions.push((i * taps + at) * large + j);
                });
            }
        }
        Self { small, large, size, positions }
    }

    /// The shape of a square kernel of stride 1, without a kernel of its own.
    pub(crate) fn resized(&self, channels: usize, size: Vec<usize>) -> Self {
        Self { small: channels, large: channels, size, positions: Vec::new() }
    }

    /// Taps of K'.
    pub(crate) fn taps(&self) -> usize {
        self.size.iter().product()
    }

    /// Entries of the array.
    pub(crate) fn len(&self) -> usize {
        self.small * self.taps() * self.large
    }

    /// Entries of a group's kernel.
    pub(crate) fn kernel_len(&self) -> usize {
        self.positions.len()
    }

    /// Which entries of the array are the kernel's.
    pub(crate) fn support(&self) -> Vec<bool> {
        let mut own = vec![false; self.len()];
        self.positions.iter().for_each(|&at| own[at] = true);
        own
    }

    /// True when every entry of the array is one of the kernel.
    pub(crate) fn is_full(&self) -> bool {
        self.kernel_len() == self.len()
    }

    /// Writes group number `group` of `kernel` to `array`.
    pub(crate) fn split_into<T: Scalar, D: Dimension>(&self, kernel: &ArrayRef<T, D>, group: usize, array: &mut [T]) {
        if !self.is_full() {
            array.fill(T::zero());
        }
        let first = group * self.kernel_len();
        match kernel.as_slice() {
            Some(entries) => {
                let entries = &entries[first..first + self.kernel_len()];
                self.positions.iter().zip(entries).for_each(|(&at, &entry)| array[at] = entry);
            }
            None => {
                let entries = kernel.iter().skip(first);
                self.positions.iter().zip(entries).for_each(|(&at, &entry)| array[at] = entry);
            }
        }
    }

    /// Writes (or adds) the entries of `array`, times `factor`, to group number `group` of `kernel`.
    pub(crate) fn join_into<T: Scalar, D: Dimension>(
        &self,
        array: &[T],
        factor: T,
        add: bool,
        group: usize,
        kernel: &mut ArrayRef<T, D>,
    ) {
        let first = group * self.kernel_len();
        let put = |(&at, entry): (&usize, &mut T)| {
            *entry = if add { *entry + factor * array[at] } else { factor * array[at] }
        };
        if let Some(entries) = kernel.as_slice_mut() {
            self.positions.iter().zip(&mut entries[first..first + self.kernel_len()]).for_each(put);
        } else {
            self.positions.iter().zip(kernel.iter_mut().skip(first)).for_each(put);
        }
    }
}

/// Calls `f` with every index of an array of that shape, the last axis fastest. Nothing when an axis is empty.
pub(crate) fn for_each_index(shape: &[usize], mut f: impl FnMut(&[usize])) {
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0; shape.len()];
    loop {
        f(&index);
        let Some(axis) = (0..shape.len()).rev().find(|&axis| index[axis] + 1 < shape[axis]) else { return };
        index[axis] += 1;
        index[axis + 1..].fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn a_strided_kernel_is_cut_into_phases_and_joined_again() {
        // One output, two inputs, five taps, stride 2: K'[(c, p), b] = K[c, 2b + p], 3 taps, the last one of phase 1 missing.
        let geometry = Geometry::new(1, 2, &[5], &[2]).unwrap();
        let polyphase = Polyphase::new(&geometry);
        assert_eq!((polyphase.small, polyphase.large, polyphase.taps()), (1, 4, 3));
        let kernel = Array3::from_shape_fn((1, 2, 5), |(_, c, a)| (10 * c + a) as f64 + 1.0);
        let mut array = vec![f64::NAN; polyphase.len()];
        polyphase.split_into(&kernel, 0, &mut array);
        assert_eq!(array, [1.0, 2.0, 11.0, 12.0, 3.0, 4.0, 13.0, 14.0, 5.0, 0.0, 15.0, 0.0]);
        let mut back = Array3::zeros((1, 2, 5));
        polyphase.join_into(&array, 2.0, false, 0, &mut back);
        assert_eq!(back, &kernel * 2.0);
        polyphase.join_into(&array, 1.0, true, 0, &mut back);
        assert_eq!(back, &kernel * 3.0);
    }

    #[test]
    fn indices_run_in_row_major_order() {
        let mut seen = Vec::new();
        for_each_index(&[2, 1, 2], |index| seen.push(index.to_vec()));
        assert_eq!(seen, [[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0, 1]]);
        for_each_index(&[2, 0], |_| panic!("nothing to visit"));
    }
}
