//! Reading the tables that are compiled in.

use ndarray::Array2;

/// A CSV file packed by `gzip -n`, as `include_bytes!` delivers it, and its shape.
pub(crate) struct Packed {
    pub(crate) bytes: &'static [u8],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Lines before the first row.
    pub(crate) header_lines: usize,
}

impl Packed {
    /// The numbers of the file, rows × columns; each is the `f64` nearest to its decimal text.
    ///
    /// The bytes are constants of this crate: the tests of each data set prove that the unreachable arms are.
    pub(crate) fn table(&self) -> Array2<f64> {
        let text = inflated(self.bytes);
        let text = String::from_utf8_lossy(&text);
        let mut entries = Vec::with_capacity(self.rows * self.columns);
        for line in text.lines().skip(self.header_lines) {
            entries.extend(line.split(',').map(|field| field.parse().unwrap_or(f64::NAN)));
        }
        match Array2::from_shape_vec((self.rows, self.columns), entries) {
            Ok(table) => table,
            Err(error) => unreachable!("a table compiled into the crate has another shape: {error}"),
        }
    }
}

/// The contents of a file packed by `gzip -n`.
///
/// The bytes are constants of this crate: the tests of each data set prove that the unreachable arm is.
pub(crate) fn inflated(bytes: &[u8]) -> Vec<u8> {
    // Ten bytes of header (no name, no extra fields: `gzip -n`), eight bytes of trailer.
    let deflated = bytes.get(10..bytes.len().saturating_sub(8)).unwrap_or_default();
    let Ok(contents) = miniz_oxide::inflate::decompress_to_vec(deflated) else {
        unreachable!("a file compiled into the crate is not a gzip stream")
    };
    contents
}
