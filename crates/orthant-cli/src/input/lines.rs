//! One way to end a line.

use std::io::{BufRead, BufReader, Read, Result};

/// Passes text on with every line end (`\r\n`, `\r`, `\n`) as `\n`, and one at the very end: so that lines can be
/// counted.
pub(super) struct Lines<R> {
    source: BufReader<R>,
    after_return: bool,
    ended: bool,
    last: u8,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source: BufReader::with_capacity(1 << 16, source), after_return: false, ended: false, last: b'\n' }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        loop {
            let bytes = self.source.fill_buf()?;
            if bytes.is_empty() {
                if self.ended || self.last == b'\n' || out.is_empty() {
                    return Ok(0);
                }
                self.ended = true;
                out[0] = b'\n';
                return Ok(1);
            }
            let taken = bytes.len().min(out.len());
            let mut written = 0;
            for &byte in &bytes[..taken] {
                let second_half = byte == b'\n' && self.after_return;
                self.after_return = byte == b'\r';
                if !second_half {
                    out[written] = if byte == b'\r' { b'\n' } else { byte };
                    self.last = out[written];
                    written += 1;
                }
            }
            self.source.consume(taken);
            if written > 0 || out.is_empty() {
                return Ok(written);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use std::io::Read;

    #[test]
    fn line_ends_become_one() {
        for (text, expected) in [("", ""), ("a", "a\n"), ("a\r\nb\r\n", "a\nb\n"), ("a\r\r\nb\n\r", "a\n\nb\n\n")] {
            let mut out = String::new();
            Lines::new(text.as_bytes()).read_to_string(&mut out).unwrap();
            assert_eq!(out, expected);
            // Byte by byte, as when a pair is torn apart by a buffer.
            let mut torn = String::new();
            Lines::new(OneByOne(text.as_bytes())).read_to_string(&mut torn).unwrap();
            assert_eq!(torn, expected);
        }
    }

    struct OneByOne<'a>(&'a [u8]);

    impl Read for OneByOne<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let length = self.0.len().min(1);
            self.0.read(&mut out[..length])
        }
    }
}
