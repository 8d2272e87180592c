//! Which columns of a table are variables.

use super::request::Request;
use crate::failure::{Failure, Outcome};

/// The columns of a table that are used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Selection {
    /// Their positions in the file.
    pub(crate) indices: Vec<usize>,
    /// Their names.
    pub(crate) names: Vec<String>,
    /// Position of the column with the group.
    pub(crate) group: Option<usize>,
}

impl Selection {
    /// Chooses among `all` columns of `file`; `named` is true when the names come from a header in `row`.
    pub(crate) fn new(file: &str, all: &[String], named: bool, request: &Request) -> Outcome<Self> {
        let group = request.group_by.as_deref().map(|name| find_name("--group-by", name, all)).transpose()?;
        let mut excluded = vec![false; all.len()];
        for name in &request.exclude {
            excluded[find_name("--exclude", name, all)?] = true;
        }
        let mut indices = match &request.columns {
            None => (0..all.len()).collect(),
            Some(names) => {
                let mut indices = Vec::with_capacity(names.len());
                for name in names {
                    let index = find_name("--columns", name, all)?;
                    if indices.contains(&index) {
                        return Err(Failure::input(format!("--columns names `{name}` twice")));
                    }
                    indices.push(index);
                }
                indices
            }
        };
        indices.retain(|&index| !excluded[index] && Some(index) != group);
        if indices.is_empty() {
            return Err(Failure::input(format!("`{file}`: no column is left to learn from")));
        }
        request.check_memory(file, indices.len())?;
        if named {
            check_names(file, all, &indices)?;
        }
        let names = indices.iter().map(|&index| all[index].clone()).collect();
        Ok(Self { indices, names, group })
    }
}

/// The positions of the columns that are used.
pub(crate) fn choose_columns(file: &str, all: &[String], named: bool, request: &Request) -> Outcome<Vec<usize>> {
    Selection::new(file, all, named, request).map(|selection| selection.indices)
}

/// Names must tell the variables apart.
pub(super) fn check_names(file: &str, all: &[String], indices: &[usize]) -> Outcome<()> {
    let mut seen = std::collections::HashMap::new();
    for &index in indices {
        let (name, number) = (&all[index], index + 1);
        if name.is_empty() {
            return Err(Failure::input(format!(
                "`{file}`, row 1, column {number}: the column has no name; name it, or leave it out with --exclude {index}"
            )));
        }
        if let Some(first) = seen.insert(name.as_str(), number) {
            return Err(Failure::input(format!(
                "`{file}`, row 1, column {number}: the name `{name}` is taken by column {first}; rename one, or leave one \
                 out with --exclude {index}"
            )));
        }
    }
    Ok(())
}

/// The position of a name, or of a 0-based index in digits.
pub(crate) fn find_name(option: &str, name: &str, all: &[String]) -> Outcome<usize> {
    if let Some(index) = all.iter().position(|candidate| candidate == name) {
        return Ok(index);
    }
    if let Ok(index) = name.parse::<usize>() {
        if index < all.len() {
            return Ok(index);
        }
        return Err(Failure::input(format!(
            "{option}: there is no column {index}; the last one of {} is {} (counted from 0)",
            all.len(),
            all.len().saturating_sub(1)
        )));
    }
    let folded = name.to_lowercase();
    let close = all.iter().find(|candidate| candidate.to_lowercase() == folded);
    let hint = match close {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None if all.len() <= 12 => format!("there are {}", all.join(", ")),
        None => format!("there are {}, … ({} in all)", all[..8].join(", "), all.len()),
    };
    Err(Failure::input(format!("{option}: there is no column `{name}`; {hint}")))
}
