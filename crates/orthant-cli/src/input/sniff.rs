//! What a text file looks like: byte order mark, separator, header.

use super::number::Cell;
use super::request::Header;
use crate::failure::{Failure, Outcome};

/// Bytes of the beginning of a file that are looked at.
pub(crate) const HEAD: usize = 1 << 16;

/// Length of the byte order mark to skip; refuses what is no UTF-8 text.
pub(crate) fn check_encoding(file: &str, head: &[u8]) -> Outcome<usize> {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(Failure::input(format!("`{file}` is UTF-16 text; save it as UTF-8")));
    }
    let mark = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
    if head[mark..].iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::input(format!("`{file}` is empty")));
    }
    if head.contains(&0) {
        return Err(Failure::input(format!(
            "`{file}` is no text file (it holds zero bytes); CSV or TSV text, or a file that ends in .npy, is needed"
        )));
    }
    Ok(mark)
}

/// The separator: the one of `;`, tab and `,` that divides all of the first lines into equally many cells.
pub(crate) fn separator(head: &[u8], complete: bool) -> u8 {
    let candidates = [b';', b'\t', b','];
    let lines = first_lines(head, complete);
    let counts = |separator: u8| lines.iter().map(|line| outside_quotes(line, separator)).collect::<Vec<_>>();
    let even = |&separator: &u8| {
        let counts = counts(separator);
        counts[0] > 0 && counts.iter().all(|&count| count == counts[0])
    };
    candidates.into_iter().find(even).unwrap_or_else(|| {
        let frequent = |&separator: &u8| counts(separator)[0];
        candidates.into_iter().max_by_key(frequent).unwrap_or(b',')
    })
}

/// The first few lines with something in them; the last line of an incomplete head is left out unless it is alone.
fn first_lines(head: &[u8], complete: bool) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = head.split(|&b| b == b'\n' || b == b'\r').filter(|line| !line.is_empty()).collect();
    if !complete && lines.len() > 1 {
        lines.pop();
    }
    lines.truncate(5);
    if lines.is_empty() {
        lines.push(head);
    }
    lines
}

fn outside_quotes(line: &[u8], separator: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for &byte in line {
        quoted ^= byte == b'"';
        count += usize::from(byte == separator && !quoted);
    }
    count
}

/// True when the first row holds names: at least half of its cells are text in columns that are not text below.
pub(crate) fn has_header(header: Header, first: &[String], second: Option<&[String]>, decimal_comma: bool) -> bool {
    match header {
        Header::Yes => return true,
        Header::No => return false,
        Header::Auto => {}
    }
    let is_text = |cell: &str| matches!(Cell::parse(cell, decimal_comma), Cell::Text);
    let Some(second) = second else { return first.iter().any(|cell| is_text(cell)) };
    let telling: Vec<&String> = first
        .iter()
        .enumerate()
        .filter(|&(j, _)| second.get(j).is_none_or(|below| !is_text(below)))
        .map(|c| c.1)
        .collect();
    if telling.is_empty() {
        // Text throughout: a header over text is still a header when it differs from the row below.
        return first.iter().all(|cell| is_text(cell))
            && first.iter().collect::<std::collections::HashSet<_>>().len() == first.len();
    }
    let text = telling.iter().filter(|cell| is_text(cell)).count();
    text > 0 && 2 * text >= telling.len()
}

#[cfg(test)]
mod tests {
    use super::{has_header, separator};
    use crate::input::Header;

    #[test]
    fn separators() {
        assert_eq!(separator(b"a,b\n1,2\n", true), b',');
        assert_eq!(separator(b"a;b\n1,5;2,5\n", true), b';');
        assert_eq!(separator(b"1,5;2,5\n1;2\n", true), b';');
        assert_eq!(separator(b"a\tb\n1\t2\n", true), b'\t');
        assert_eq!(separator(b"\"a,x\";b\n1;2\n", true), b';');
        assert_eq!(separator(b"a\n1\n", true), b',');
    }

    #[test]
    fn headers() {
        let row = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let auto = |first: &str, second: &str| has_header(Header::Auto, &row(first), Some(&row(second)), false);
        assert!(auto("a,b", "1,2"));
        assert!(!auto("3,4", "1,2"));
        assert!(!auto("NA,4", "1,2"));
        assert!(!auto("1,x,3", "1,2,3"));
        assert!(auto("g,a,b", "red,1,2"));
        assert!(!auto("red,1,2", "blue,1,2"));
        assert!(auto("a,2020", "1,2"));
    }
}
