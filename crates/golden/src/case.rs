//! Reading the fields of one case.

use ndarray::{Array1, Array2};
use serde_json::Value;

/// One case: a JSON object, with the words that say where it stands.
///
/// The accessors panic with file, case and field when something is missing or of another form; the runner turns the
/// panic into a failure of that case.
#[derive(Clone)]
pub struct Case {
    place: String,
    value: Value,
    file: Value,
}

impl Case {
    pub(crate) fn new(place: String, value: Value, file: Value) -> Self {
        Self { place, value, file }
    }

    /// Case number `index` of another file, for cases that refer to one.
    ///
    /// # Panics
    /// When there is no such file or case.
    pub fn read(path: &std::path::Path, index: usize) -> Self {
        let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file: Value = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let case = file.get("cases").and_then(|cases| cases.get(index)).cloned();
        let case = case.unwrap_or_else(|| panic!("{}: there is no case {index}", path.display()));
        Self::new(format!("{}, case {index}", path.display()), case, file)
    }

    /// Where the case stands, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The raw value of a field of the case, or of the file when the case has none of that name.
    pub fn value(&self, field: &str) -> &Value {
        self.optional(field).unwrap_or_else(|| panic!("{}: field `{field}` is missing", self.place))
    }

    /// Like [`Case::value`], but `None` when neither the case nor the file has the field.
    pub fn optional(&self, field: &str) -> Option<&Value> {
        self.value.get(field).or_else(|| self.file.get(field))
    }

    /// True when the case or its file has the field.
    pub fn has(&self, field: &str) -> bool {
        self.optional(field).is_some()
    }

    /// A number; the strings `nan`, `inf` and `-inf` and `null` (not a number) count as one.
    pub fn number(&self, field: &str) -> f64 {
        number(self.value(field)).unwrap_or_else(|| self.wrong(field, "a number"))
    }

    /// A whole number that is not negative.
    pub fn index(&self, field: &str) -> usize {
        index(self.value(field)).unwrap_or_else(|| self.wrong(field, "a whole number"))
    }

    /// True or false.
    pub fn flag(&self, field: &str) -> bool {
        self.value(field).as_bool().unwrap_or_else(|| self.wrong(field, "true or false"))
    }

    /// A string.
    pub fn text(&self, field: &str) -> &str {
        self.value(field).as_str().unwrap_or_else(|| self.wrong(field, "a string"))
    }

    /// A list of numbers.
    pub fn vector(&self, field: &str) -> Array1<f64> {
        vector(self.value(field)).unwrap_or_else(|| self.wrong(field, "a list of numbers"))
    }

    /// A list of whole numbers.
    pub fn indices(&self, field: &str) -> Vec<usize> {
        let list = self.value(field).as_array().and_then(|list| list.iter().map(index).collect());
        list.unwrap_or_else(|| self.wrong(field, "a list of whole numbers"))
    }

    /// A list of rows of equal length.
    pub fn matrix(&self, field: &str) -> Array2<f64> {
        matrix(self.value(field)).unwrap_or_else(|| self.wrong(field, "a list of rows of equal length"))
    }

    /// The objects of a list, each as a case of its own.
    pub fn list(&self, field: &str) -> Vec<Case> {
        let Some(list) = self.value(field).as_array() else { self.wrong(field, "a list") };
        let place = |i| format!("{}, {field}[{i}]", self.place);
        list.iter().enumerate().map(|(i, value)| Case::new(place(i), value.clone(), self.file.clone())).collect()
    }

    /// An object inside the case, as a case of its own.
    pub fn object(&self, field: &str) -> Case {
        Case::new(format!("{}, {field}", self.place), self.value(field).clone(), self.file.clone())
    }

    fn wrong(&self, field: &str, expected: &str) -> ! {
        panic!("{}: field `{field}` is not {expected}", self.place)
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(f64::NAN),
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}

fn index(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|v| usize::try_from(v).ok())
}

fn vector(value: &Value) -> Option<Array1<f64>> {
    value.as_array()?.iter().map(number).collect()
}

fn matrix(value: &Value) -> Option<Array2<f64>> {
    let rows: Vec<Array1<f64>> = value.as_array()?.iter().map(vector).collect::<Option<_>>()?;
    let columns = rows.first().map_or(0, Array1::len);
    let entries: Vec<f64> = rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((rows.len(), columns), entries).ok()
}
