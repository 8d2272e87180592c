//! Numbers and lines for people.

use crate::failure::{Failure, Outcome};
use std::io::Write;

/// Writes to the standard output.
pub(crate) fn print(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::Internal(format!("cannot write to the standard output: {error}")),
    })
}

/// A number with four significant digits, in as few characters as that takes.
pub(crate) fn short(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".to_owned() } else { "−∞".to_owned() };
    }
    let size = value.abs();
    let text = if size == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e6).contains(&size) {
        let decimals = (3 - size.log10().floor() as i32).max(0) as usize;
        let fixed = format!("{value:.decimals$}");
        if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.').to_owned() } else { fixed }
    } else {
        format!("{value:.2e}")
    };
    text.replace('-', "−")
}

/// [`short`] with a plus sign where it is due.
pub(crate) fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", short(value)) } else { short(value) }
}

#[cfg(test)]
mod tests {
    use super::{short, signed};

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (0.123456, "0.1235"),
            (-12.3456, "−12.35"),
            (123456.0, "123456"),
            (1.5e9, "1.50e9"),
            (1e-7, "1.00e−7"),
            (0.3, "0.3"),
            (f64::INFINITY, "∞"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
        assert_eq!(signed(2.0), "+2");
        assert_eq!(signed(-2.0), "−2");
    }
}
