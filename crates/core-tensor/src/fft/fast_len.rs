//! Lengths that transform fast.

/// The smallest number ≥ `n` with no prime factor above 5; `n` itself when that would not fit.
///
/// ```
/// assert_eq!(core_tensor::fft::next_fast_len(1021), 1024);
/// assert_eq!(core_tensor::fft::next_fast_len(361), 375);
/// ```
#[must_use]
pub fn next_fast_len(n: usize) -> usize {
    let mut best = n.checked_next_power_of_two().unwrap_or(usize::MAX);
    // Every 3^b 5^c below the best so far, topped up by the power of two that it lacks.
    let mut fives = 1_usize;
    while fives < best {
        let mut odd = fives;
        while odd < best {
            let twos = n.div_ceil(odd).checked_next_power_of_two();
            if let Some(candidate) = twos.and_then(|twos| twos.checked_mul(odd)) {
                best = best.min(candidate);
            }
            let Some(next) = odd.checked_mul(3) else { break };
            odd = next;
        }
        let Some(next) = fives.checked_mul(5) else { break };
        fives = next;
    }
    if best == usize::MAX { n } else { best }
}

#[cfg(test)]
mod tests {
    use super::next_fast_len;

    #[test]
    fn equals_a_search() {
        let smooth = |mut n: usize| {
            for p in [2, 3, 5] {
                while n > 1 && n.is_multiple_of(p) {
                    n /= p;
                }
            }
            n == 1
        };
        for n in 1..3000 {
            let expected = (n..).find(|&k| smooth(k)).unwrap();
            assert_eq!(next_fast_len(n), expected);
        }
        assert_eq!(next_fast_len(0), 1);
        assert!(next_fast_len(usize::MAX) == usize::MAX);
    }
}
