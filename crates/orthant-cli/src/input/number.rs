//! One cell of a table, and numbers in options.

use crate::failure::{Failure, Outcome};

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    /// A finite number.
    Number(f64),
    /// Nothing, or a word for nothing.
    Missing,
    /// NaN, infinity, or a number beyond the range of `f64`.
    NotFinite,
    /// A number with a decimal comma.
    DecimalComma,
    /// Anything else.
    Text,
}

/// Words that stand for a missing value, in lower case.
const MISSING: [&str; 9] = ["", "na", "n/a", "#n/a", "null", "none", "?", ".", "-"];

/// What to do about a missing value where a covariance is learned.
pub(crate) const FILL: &str = "; fill it, or choose with --missing drop, em or pairwise what is done about it";

impl Cell {
    /// Reads a cell; blanks around it do not matter.
    pub(crate) fn parse(text: &str, decimal_comma: bool) -> Self {
        let text = text.trim();
        if let Ok(value) = text.parse::<f64>() {
            return if value.is_finite() { Self::Number(value) } else { Self::NotFinite };
        }
        if MISSING.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Self::Missing;
        }
        if text.matches(',').count() == 1
            && let Ok(value) = text.replacen(',', ".", 1).parse::<f64>()
        {
            return match (decimal_comma, value.is_finite()) {
                (false, _) => Self::DecimalComma,
                (true, true) => Self::Number(value),
                (true, false) => Self::NotFinite,
            };
        }
        Self::Text
    }

    /// Why the cell cannot be used. `exclude` is what to write behind `--exclude`, `fill` says what to do about a
    /// missing value.
    pub(crate) fn complaint(self, text: &str, exclude: &str, fill: &str) -> String {
        let shown = shorten(text.trim());
        match self {
            Self::Number(_) => String::new(),
            Self::Missing if text.trim().is_empty() => format!("the cell is empty{fill}"),
            Self::Missing => format!("`{shown}` is a missing value{fill}"),
            Self::NotFinite if self.is_missing(text) => format!("`{shown}` is not a finite number{fill}"),
            Self::NotFinite => format!("`{shown}` is not a finite number"),
            Self::DecimalComma => format!("`{shown}` has a decimal comma; pass --decimal-comma"),
            Self::Text => {
                format!("`{shown}` is not a number; correct it, or leave the column out with --exclude {exclude}")
            }
        }
    }

    /// True for what `--missing` is about.
    pub(crate) fn is_missing(self, text: &str) -> bool {
        self == Self::Missing || (self == Self::NotFinite && text.trim().to_ascii_lowercase().ends_with("nan"))
    }
}

/// A finite number, or NaN for a missing one; `None` for anything else.
pub(crate) fn parse_cell(text: &str) -> Option<f64> {
    match Cell::parse(text, false) {
        Cell::Number(number) => Some(number),
        cell if cell.is_missing(text) => Some(f64::NAN),
        _ => None,
    }
}

/// At most 40 characters of a cell, without line breaks.
fn shorten(text: &str) -> String {
    let clean: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(40).is_some() { format!("{clean}…") } else { clean }
}

/// The finite number `value` in the argument `text` of an option.
pub(crate) fn parse_number(option: &str, text: &str, value: &str) -> Outcome<f64> {
    match value.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(Failure::input(format!("{option} `{text}`: `{}` is not a finite number", value.trim()))),
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;

    #[test]
    fn cells() {
        let cases = [
            (" 1.5 ", Cell::Number(1.5)),
            ("-1e-3", Cell::Number(-1e-3)),
            ("1e999", Cell::NotFinite),
            ("-inf", Cell::NotFinite),
            ("NaN", Cell::NotFinite),
            ("N/A", Cell::Missing),
            ("", Cell::Missing),
            ("1,5", Cell::DecimalComma),
            ("1,234,567", Cell::Text),
            ("1.5x", Cell::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(Cell::parse(text, false), expected, "{text}");
        }
        assert_eq!(Cell::parse("1,5", true), Cell::Number(1.5));
        assert!(Cell::NotFinite.is_missing("nan") && !Cell::NotFinite.is_missing("inf"));
    }
}
