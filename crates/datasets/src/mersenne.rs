//! The classic Mersenne Twister, for data that others have drawn with it.

/// MT19937 with 32-bit output, seeded by one integer: the stream of numpy's legacy `RandomState`, bit for bit.
///
/// For reproducing published data sets only; `core_tensor::random` is the generator of this workspace.
///
/// ```
/// let mut random = datasets::mersenne::MersenneTwister::new(1);
/// assert_eq!(random.normal(), 1.6243453636632417);
/// ```
#[derive(Debug, Clone)]
pub struct MersenneTwister {
    state: Vec<u32>,
    next: usize,
    /// The second number of the last polar pair.
    cached: Option<f64>,
}

const N: usize = 624;
const M: usize = 397;

impl MersenneTwister {
    /// The generator of `seed`.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut state = vec![seed; N];
        for i in 1..N {
            let before = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Self { state, next: N, cached: None }
    }

    /// The next 32 random bits.
    pub fn bits(&mut self) -> u32 {
        if self.next == N {
            for i in 0..N {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
                let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ twist;
            }
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        let (a, b) = (self.bits() >> 5, self.bits() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
    }

    /// Standard normal, by the polar method; every second call returns the other number of the pair before.
    pub fn normal(&mut self) -> f64 {
        if let Some(cached) = self.cached.take() {
            return cached;
        }
        loop {
            let x1 = 2.0 * self.uniform() - 1.0;
            let x2 = 2.0 * self.uniform() - 1.0;
            let squares = x1 * x1 + x2 * x2;
            if squares > 0.0 && squares < 1.0 {
                let factor = (-2.0 * squares.ln() / squares).sqrt();
                self.cached = Some(factor * x1);
                return factor * x2;
            }
        }
    }

    /// `count` of the numbers 0, …, n - 1 without replacement: the first of a shuffled list. All of them for `count` > n.
    pub fn choice(&mut self, n: usize, count: usize) -> Vec<usize> {
        let mut list: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            let mask = (i + 1).next_power_of_two().max(2) as u32 - 1;
            let j = loop {
                let j = (self.bits() & mask) as usize;
                if j <= i {
                    break j;
                }
            };
            list.swap(i, j);
        }
        list.truncate(count);
        list
    }
}
