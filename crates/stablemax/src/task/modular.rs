//! Arithmetic modulo p.

use super::examples::{Examples, Inputs, Split};
use crate::error::{Error, Result, check_at_least};
use core_tensor::random::{Streams, uniform_array};
use core_tensor::{Scalar, check_range};
use ndarray::{Array1, Array2};
use std::collections::HashSet;

/// An operation on two numbers modulo p.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Operation {
    /// a + b.
    Add,
    /// a - b.
    Subtract,
    /// a b.
    Multiply,
    /// a b⁻¹ in the field of p elements, b ≠ 0; p must be prime. (The reference code's floor division is another thing.)
    Divide,
    /// a² + b².
    SumOfSquares,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Add, Self::Subtract, Self::Multiply, Self::Divide, Self::SumOfSquares];

    /// `add`, `subtract`, `multiply`, `divide` or `sum-of-squares`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::SumOfSquares => "sum-of-squares",
        }
    }

    fn apply(self, a: u128, b: u128, p: u128) -> u128 {
        match self {
            Self::Add => (a + b) % p,
            Self::Subtract => (a + p - b) % p,
            Self::Multiply => a * b % p,
            // Fermat: b^(p-2) is the inverse of b.
            Self::Divide => a * power(b, p - 2, p) % p,
            Self::SumOfSquares => (a * a + b * b) % p,
        }
    }
}

/// All pairs (a, b), row-major over a then b, with their results modulo `modulus`; for the division b starts at 1.
///
/// # Errors
/// When `modulus` is below 2 or above 65 536; for the division, when it is not prime.
pub fn modular_table(operation: Operation, modulus: usize) -> Result<(Vec<[usize; 2]>, Vec<usize>)> {
    check_range("modulus", modulus as f64, (2..=65_536).contains(&modulus), "from 2 to 65536")?;
    let is_prime = (2..).take_while(|d| d * d <= modulus).all(|d| !modulus.is_multiple_of(d));
    if operation == Operation::Divide && !is_prime {
        return Err(Error::NotPrime { found: modulus });
    }
    let first = usize::from(operation == Operation::Divide);
    let pairs: Vec<[usize; 2]> = (0..modulus).flat_map(|a| (first..modulus).map(move |b| [a, b])).collect();
    let result = |&[a, b]: &[usize; 2]| operation.apply(a as u128, b as u128, modulus as u128) as usize;
    let labels = pairs.iter().map(result).collect();
    Ok((pairs, labels))
}

/// How the two numbers are shown to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Encoding {
    /// Two one-hot vectors (2p inputs).
    #[default]
    OneHot,
    /// Each number is a distinct random vector of that many bits (1 to 63; two such vectors are the input). With 14 bits the
    /// delay of generalisation disappears.
    Binary {
        /// Bits per number.
        bits: usize,
    },
}

/// A modular task: which operation, how shown, how much of it for training.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Modular {
    /// The operation.
    pub operation: Operation,
    /// The modulus p; 113 in the paper.
    pub modulus: usize,
    /// Fraction of all pairs for training, in (0, 1]; their number is rounded down.
    pub train_fraction: f64,
    /// How the numbers are shown.
    pub encoding: Encoding,
}

impl Modular {
    /// `operation` modulo `modulus` on one-hot inputs, `train_fraction` of it for training.
    #[must_use]
    pub fn new(operation: Operation, modulus: usize, train_fraction: f64) -> Self {
        Self { operation, modulus, train_fraction, encoding: Encoding::OneHot }
    }

    /// Another encoding.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// The task's rows, split by `seed`.
    ///
    /// # Errors
    /// As for [`modular_table`]; when the fraction gives no training row, or there are fewer vectors of so many bits than numbers.
    pub fn split<T: Scalar>(&self, seed: u64) -> Result<Split<T>> {
        let fraction = self.train_fraction;
        check_range("train_fraction", fraction, fraction > 0.0 && fraction <= 1.0, "> 0 and <= 1")?;
        let (pairs, labels) = modular_table(self.operation, self.modulus)?;
        let inputs = match self.encoding {
            Encoding::OneHot => Inputs::Pairs { modulus: self.modulus, pairs },
            Encoding::Binary { bits } => Inputs::Dense(self.binary(bits, &pairs, seed)?),
        };
        let train_rows = (fraction * labels.len() as f64).floor() as usize;
        Split::random(&Examples::new(inputs, labels)?, self.modulus, train_rows, seed)
    }

    fn binary<T: Scalar>(&self, bits: usize, pairs: &[[usize; 2]], seed: u64) -> Result<Array2<T>> {
        check_range("bits", bits as f64, (1..=63).contains(&bits), "from 1 to 63")?;
        let codes = distinct_codes(bits, self.modulus, &Streams::new(seed).child(1))?;
        let bit = |i: usize, j: usize| {
            let code = codes[pairs[i][j / bits]];
            if code >> (j % bits) & 1 == 1 { T::one() } else { T::zero() }
        };
        Ok(Array2::from_shape_fn((pairs.len(), 2 * bits), |(i, j)| bit(i, j)))
    }
}

/// `count` distinct random vectors of `bits` ≤ 63 bits.
pub(super) fn distinct_codes(bits: usize, count: usize, streams: &Streams) -> Result<Vec<u64>> {
    let enough = count as u128 <= 1_u128 << bits;
    check_at_least("bits", if enough { count } else { 0 }, count.max(1), "so many that the vectors can be distinct")?;
    let mut rng = streams.stream(0);
    let mut seen = HashSet::with_capacity(count);
    let mut codes = Vec::with_capacity(count);
    while codes.len() < count {
        let uniform: Array1<f64> = uniform_array(&mut rng, bits);
        let code = uniform.iter().enumerate().fold(0_u64, |code, (j, &u)| code | (u64::from(u < 0.5) << j));
        if seen.insert(code) {
            codes.push(code);
        }
    }
    Ok(codes)
}

fn power(mut base: u128, mut exponent: u128, p: u128) -> u128 {
    let mut result = 1 % p;
    base %= p;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % p;
        }
        base = base * base % p;
        exponent >>= 1;
    }
    result
}
