//! Blocks of a grid.

use crate::Result;
use core_tensor::check_range;

/// The partition of a grid of `rows` × `columns` nodes (number `column * rows + row`, as in
/// [`Graph::lattice`](crate::Graph::lattice)) into two interlocking combs, each a tree. The second comb holds row 0 of every column
/// and the even columns but for their last row; the first comb the rest.
///
/// # Errors
/// Fewer than 2 rows or no column; 2³² - 2 nodes or more.
pub fn lattice_trees(rows: usize, columns: usize) -> Result<[Vec<usize>; 2]> {
    check_range("rows", rows as f64, rows >= 2, ">= 2")?;
    check_range("columns", columns as f64, columns >= 1, ">= 1")?;
    crate::error::check_count("nodes", rows.checked_mul(columns))?;
    Ok(split(rows, columns, |row, column| if column % 2 == 0 { row + 1 < rows } else { row == 0 }))
}

/// The red and black nodes of the grid: red where row + column is even.
///
/// # Errors
/// No row or no column; 2³² - 2 nodes or more.
pub fn red_black(rows: usize, columns: usize) -> Result<[Vec<usize>; 2]> {
    check_range("rows", rows as f64, rows >= 1, ">= 1")?;
    check_range("columns", columns as f64, columns >= 1, ">= 1")?;
    crate::error::check_count("nodes", rows.checked_mul(columns))?;
    Ok(split(rows, columns, |row, column| (row + column) % 2 == 1))
}

/// Nodes outside and inside of the second part.
fn split(rows: usize, columns: usize, second: impl Fn(usize, usize) -> bool) -> [Vec<usize>; 2] {
    let mut parts = [Vec::new(), Vec::new()];
    for column in 0..columns {
        for row in 0..rows {
            parts[usize::from(second(row, column))].push(column * rows + row);
        }
    }
    parts
}
