//! NumPy's `.npy` files, streamed row by row where their order allows it.
//!
//! The header is checked against the size of the file before any memory is taken, so that a damaged one does no harm.

use super::collector::Collector;
use super::number::FILL;
use super::open;
use super::request::{Missing, Request};
use super::sample::Sample;
use super::selection::Selection;
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
use ndarray::Array2;
use std::io::{BufReader, Read};
use std::path::Path;

/// A npy file whose header has been read.
struct Npy {
    file: String,
    rows: usize,
    columns: usize,
    fortran: bool,
    kind: Kind,
    reader: BufReader<Box<dyn Read>>,
}

/// How one number is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Kind {
    letter: u8,
    size: usize,
    big_endian: bool,
}

/// Reads a sample.
pub(super) fn sample(path: &Path, request: &Request, progress: &Progress) -> Outcome<Sample> {
    let mut npy = Npy::open(path)?;
    let names: Vec<String> = (0..npy.columns).map(|j| format!("x{j}")).collect();
    let selection = Selection::new(&npy.file, &names, false, request)?;
    let mut collector = Collector::new(npy.file.clone(), selection, request);
    let whole = if npy.fortran { Some(npy.matrix()?) } else { None };
    let mut row = vec![0.0; npy.columns];
    let mut bytes = vec![0; npy.columns * npy.kind.size];
    let mut values = vec![0.0; collector.selection().indices.len()];
    'rows: for i in 0..npy.rows {
        match &whole {
            Some(matrix) => row.iter_mut().zip(matrix.row(i)).for_each(|(to, &from)| *to = from),
            None => {
                npy.fill(&mut bytes)?;
                npy.kind.decode(&bytes, &mut row);
            }
        }
        let number = i as u64 + 1;
        for (position, value) in values.iter_mut().enumerate() {
            *value = row[collector.selection().indices[position]];
            match request.missing {
                Missing::Drop if value.is_nan() => {
                    collector.drop_row();
                    continue 'rows;
                }
                Missing::Estimate(_) if value.is_nan() => {}
                _ if !value.is_finite() => {
                    let place = collector.place(number, position);
                    let hint = if value.is_nan() { FILL } else { "" };
                    return Err(Failure::input(format!("{place}: `{value}` is not a finite number{hint}")));
                }
                _ => {}
            }
        }
        let label = collector.selection().group.map(|index| row[index].to_string());
        collector.push(number, label.as_deref(), &values)?;
        if number.is_multiple_of(4096) {
            progress.rows(number);
        }
    }
    collector.finish()
}

/// Reads a whole matrix.
pub(super) fn matrix(path: &Path) -> Outcome<Array2<f64>> {
    Npy::open(path)?.matrix()
}

/// Reads a vector: an array of one dimension, or a matrix with one column or one row.
pub(super) fn vector(path: &Path) -> Outcome<Vec<f64>> {
    let mut npy = Npy::open_any(path, true)?;
    if npy.rows > 1 && npy.columns > 1 {
        let (rows, columns) = (npy.rows, npy.columns);
        return Err(Failure::input(format!("`{}` is {rows} × {columns}; a vector is needed", npy.file)));
    }
    Ok(npy.matrix()?.iter().copied().collect())
}

impl Npy {
    fn open(path: &Path) -> Outcome<Self> {
        Self::open_any(path, false)
    }

    /// Opens a matrix, or with `vector` also an array of one dimension as one row.
    fn open_any(path: &Path, vector: bool) -> Outcome<Self> {
        let file = path.display().to_string();
        let source = open(path)?;
        let length = std::fs::metadata(path).map_err(|error| Failure::read(path, &error))?.len();
        if length == 0 {
            return Err(Failure::input(format!("`{file}` is empty")));
        }
        let mut reader = BufReader::with_capacity(1 << 16, source);
        let mut start = [0; 12];
        let damaged = |what: &str| Failure::input(format!("`{file}` is a damaged npy file: {what}"));
        reader.read_exact(&mut start[..10]).map_err(|_| damaged("it ends within its header"))?;
        if &start[..6] != b"\x93NUMPY" {
            return Err(Failure::input(format!("`{file}` is no npy file: it does not begin with \\x93NUMPY")));
        }
        let (header_length, before) = match start[6] {
            1 => (u64::from(u16::from_le_bytes([start[8], start[9]])), 10),
            2 | 3 => {
                reader.read_exact(&mut start[10..12]).map_err(|_| damaged("it ends within its header"))?;
                (u64::from(u32::from_le_bytes([start[8], start[9], start[10], start[11]])), 12)
            }
            version => return Err(damaged(&format!("version {version} of the format is not known"))),
        };
        if before + header_length > length {
            return Err(damaged("it ends within its header"));
        }
        let mut header = Vec::new();
        reader.by_ref().take(header_length).read_to_end(&mut header).map_err(|error| Failure::read(path, &error))?;
        let header = String::from_utf8_lossy(&header).into_owned();
        let description = value_of(&header, "descr").ok_or_else(|| damaged("the header has no `descr`"))?;
        let kind = Kind::parse(&file, description)?;
        let fortran = match value_of(&header, "fortran_order") {
            Some(text) if text.starts_with("True") => true,
            Some(text) if text.starts_with("False") => false,
            _ => return Err(damaged("the header has no `fortran_order`")),
        };
        let shape = shape_of(&header).ok_or_else(|| damaged("the header has no `shape`"))?;
        let (rows, columns) = if let &[rows, columns] = shape.as_slice() {
            (rows, columns)
        } else if let (true, &[columns]) = (vector, shape.as_slice()) {
            (1, columns)
        } else {
            let shown = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
            return Err(Failure::input(format!(
                "`{file}` holds an array of {} dimensions ({shown}); a matrix of samples × variables is needed",
                shape.len()
            )));
        };
        let need = (rows as u128).saturating_mul(columns as u128).saturating_mul(kind.size as u128);
        let found = u128::from(length - before - header_length);
        if found != need {
            return Err(damaged(&format!(
                "{rows} × {columns} numbers of {} bytes are {need} bytes, but {found} follow the header",
                kind.size
            )));
        }
        if rows == 0 || columns == 0 {
            return Err(Failure::input(format!("`{file}` holds no numbers: its shape is {rows} × {columns}")));
        }
        Ok(Self { file, rows, columns, fortran, kind, reader })
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Outcome<()> {
        let file = &self.file;
        self.reader.read_exact(bytes).map_err(|error| Failure::input(format!("cannot read `{file}`: {error}")))
    }

    fn matrix(&mut self) -> Outcome<Array2<f64>> {
        let (lines, length) = if self.fortran { (self.columns, self.rows) } else { (self.rows, self.columns) };
        let mut matrix = Array2::zeros((lines, length));
        let mut bytes = vec![0; length * self.kind.size];
        for mut line in matrix.rows_mut() {
            self.fill(&mut bytes)?;
            if let Some(line) = line.as_slice_mut() {
                self.kind.decode(&bytes, line);
            }
        }
        Ok(if self.fortran { matrix.reversed_axes() } else { matrix })
    }
}

impl Kind {
    fn parse(file: &str, description: &str) -> Outcome<Self> {
        let refuse = |what: String| {
            let text =
                format!("`{file}` holds {what}; floating-point numbers or integers are needed (`x.astype(float)`)");
            Failure::input(text)
        };
        let quoted = description.trim_start().strip_prefix(['\'', '"']);
        let Some(text) = quoted.and_then(|rest| rest.split(['\'', '"']).next()) else {
            return Err(refuse("records with named fields".to_owned()));
        };
        let bytes = text.as_bytes();
        let (order, rest) = match bytes.first() {
            Some(b'<' | b'>' | b'|' | b'=') => (bytes[0], &text[1..]),
            _ => (b'|', text),
        };
        let letter = rest.bytes().next().unwrap_or(b'?');
        let size = rest.get(1..).and_then(|size| size.parse().ok()).unwrap_or(0);
        let legal: &[usize] = match letter {
            b'f' => &[4, 8],
            b'i' | b'u' => &[1, 2, 4, 8],
            b'b' => &[1],
            b'O' => return Err(refuse("Python objects".to_owned())),
            _ => &[],
        };
        if !legal.contains(&size) {
            return Err(refuse(format!("numbers of type `{text}`")));
        }
        Ok(Self { letter, size, big_endian: order == b'>' })
    }

    fn decode(self, bytes: &[u8], out: &mut [f64]) {
        for (chunk, out) in bytes.chunks_exact(self.size).zip(out) {
            let mut raw = [0; 8];
            for (to, from) in raw.iter_mut().zip(0..self.size) {
                *to = if self.big_endian { chunk[self.size - 1 - from] } else { chunk[from] };
            }
            let unsigned = u64::from_le_bytes(raw);
            let unused = 64 - 8 * self.size as u32;
            *out = match (self.letter, self.size) {
                (b'f', 8) => f64::from_bits(unsigned),
                (b'f', _) => f64::from(f32::from_bits(unsigned as u32)),
                (b'i', _) => (((unsigned << unused) as i64) >> unused) as f64,
                _ => unsigned as f64,
            };
        }
    }
}

/// What follows `'key':` in the header.
fn value_of<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let at = [format!("'{key}'"), format!("\"{key}\"")].iter().find_map(|k| header.find(k).map(|at| at + k.len()))?;
    Some(header[at..].trim_start().strip_prefix(':')?.trim_start())
}

fn shape_of(header: &str) -> Option<Vec<usize>> {
    let text = value_of(header, "shape")?.strip_prefix('(')?;
    let inside = &text[..text.find(')')?];
    inside.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_type_decodes() {
        let decode = |description: &str, bytes: &[u8]| {
            let kind = Kind::parse("f", description).unwrap();
            let mut out = [0.0];
            kind.decode(bytes, &mut out);
            out[0]
        };
        assert_eq!(decode("'<f8'", &1.5_f64.to_le_bytes()), 1.5);
        assert_eq!(decode("'>f8'", &1.5_f64.to_be_bytes()), 1.5);
        assert_eq!(decode("'<f4'", &0.25_f32.to_le_bytes()), 0.25);
        assert_eq!(decode("'>f4'", &0.25_f32.to_be_bytes()), 0.25);
        assert_eq!(decode("'<i8'", &(-7_i64).to_le_bytes()), -7.0);
        assert_eq!(decode("'>i2'", &(-7_i16).to_be_bytes()), -7.0);
        assert_eq!(decode("'|i1'", &[0xff]), -1.0);
        assert_eq!(decode("'|u1'", &[0xff]), 255.0);
        assert_eq!(decode("'<u8'", &u64::MAX.to_le_bytes()), u64::MAX as f64);
        assert_eq!(decode("'|b1'", &[1]), 1.0);
        for bad in ["'<c16'", "'<f2'", "'|O'", "[('a', '<f8')]", "'<U5'", "''"] {
            assert!(Kind::parse("f", bad).is_err(), "{bad}");
        }
    }
}
