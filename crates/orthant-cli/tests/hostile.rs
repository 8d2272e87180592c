//! Bad input: one line that names file, row and column, exit code 2, nothing written, no panic.

mod program;

use program::Place;

/// A table file that is refused with this message behind its name.
#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, message: &str) {
    refused_with(bytes, &[], message);
}

#[track_caller]
fn refused_with(bytes: impl AsRef<[u8]>, options: &[&str], message: &str) {
    let place = Place::new();
    place.file("t.csv", bytes);
    let mut arguments = vec!["colide", "fit", "t.csv", "--out", "x"];
    arguments.extend(options);
    place.refuse(&arguments, message);
}

#[test]
fn files_that_are_none() {
    let place = Place::new();
    place.refuse(&["colide", "fit", "no.csv", "--out", "x"], "`no.csv` does not exist");
    place.refuse(&["colide", "fit", "no.npy", "--out", "x"], "`no.npy` does not exist");
    place.refuse(&["colide", "fit", ".", "--out", "x"], "`.` is a folder; a CSV, TSV or npy file is needed");
    refused("", "`t.csv` is empty");
    refused("\n\n  \n", "`t.csv` is empty");
    refused(b"\xef\xbb\xbf", "`t.csv` is empty");
    refused(b"\xff\xfea\0,\0b\0", "`t.csv` is UTF-16 text; save it as UTF-8");
    refused(
        b"\x89PNG\0\0\0",
        "`t.csv` is no text file (it holds zero bytes); CSV or TSV text, or a file that ends in .npy, is needed",
    );
}

#[test]
fn too_little() {
    refused("a,b\n", "`t.csv` has a header, but no rows of numbers below it");
    let one = "`t.csv` has 1 row of numbers; at least 2 are needed, because one sample has no variance";
    refused("a,b\n1,2\n", one);
    refused("1,2\n", one);
    refused("a,b\n1,1\n1,1\n", "`t.csv`: every column is constant: there is nothing to explain");
    refused_with(
        "a,b\n1,\n2,3\n,4\n",
        &["--drop-missing"],
        "`t.csv` has 1 row of numbers left of 3; at least 2 are needed, because one sample has no variance",
    );
    refused_with(
        "a,b\n1,\n,4\n",
        &["--drop"],
        "`t.csv` has no row without a missing value; at least 2 are needed, because one sample has no variance",
    );
}

#[test]
fn cells() {
    let row3 = |cell: &str| format!("a,b,c\n1,2,3\n4,{cell},6\n7,8,9\n");
    let at = "`t.csv`, row 3, column 2 (`b`): ";
    let missing = "fill it, or choose with --missing drop, em or pairwise what is done about it";
    refused(row3("x"), &format!("{at}`x` is not a number; correct it, or leave the column out with --exclude b"));
    refused(row3(""), &format!("{at}the cell is empty; {missing}"));
    refused(row3("  "), &format!("{at}the cell is empty; {missing}"));
    refused(row3("NA"), &format!("{at}`NA` is a missing value; {missing}"));
    refused(row3("NaN"), &format!("{at}`NaN` is not a finite number; {missing}"));
    refused(row3("-inf"), &format!("{at}`-inf` is not a finite number"));
    refused(row3("1e999"), &format!("{at}`1e999` is not a finite number"));
    refused(row3("\"5,5\""), &format!("{at}`5,5` has a decimal comma; pass --decimal-comma"));
    refused(
        row3(&"9y".repeat(100)),
        &format!("{at}`{}…` is not a number; correct it, or leave the column out with --exclude b", "9y".repeat(20)),
    );
    let mut bytes = row3("@").into_bytes();
    let position = bytes.iter().position(|&b| b == b'@').unwrap();
    bytes[position] = 0xe9;
    refused(bytes, &format!("{at}not UTF-8 text; save the file as UTF-8"));
    refused(b"a,\xe9\n1,2\n3,4\n", "`t.csv`, row 1, column 2: not UTF-8 text; save the file as UTF-8");
    // The row is the line of the file, also when a quoted cell spans lines and with Windows line ends.
    refused(
        "\"a\nx\",b\r\n1,2\r\n\r\n3,z\r\n",
        "`t.csv`, row 5, column 2 (`b`): `z` is not a number; correct it, or leave the column out with --exclude b",
    );
    refused(
        "1,2,3\n4,x,6\n7,8,9\n",
        "`t.csv`, row 2, column 2 (`x1`): `x` is not a number; correct it, or leave the column out with --exclude x1",
    );
    refused(
        "1,x,3\n4,5,6\n7,8,9\n",
        "`t.csv`, row 1, column 2 (`x1`): `x` is not a number; if the row holds names, pass --header yes",
    );
}

#[test]
fn rows_and_columns() {
    refused("a,b\n1,2\n3\n", "`t.csv`, row 3: 1 cell, but the header has 2");
    refused("a,b\n1,2\n3,4,5\n", "`t.csv`, row 3: 3 cells, but the header has 2");
    refused("1,2\n3,4,5\n", "`t.csv`, row 2: 3 cells, but the first row has 2");
    refused(
        "a,b\n1,5,2,5\n3,5,1,5\n",
        "`t.csv`, row 2: 4 cells, but the header has 2 (with decimal commas, separate the columns by semicolons and pass \
         --decimal-comma)",
    );
    refused("a;b\n1,5;2\n2;3\n", "`t.csv`, row 2, column 1 (`a`): `1,5` has a decimal comma; pass --decimal-comma");
    let blanks = "the cells are separated by blanks; separate them by commas, semicolons or tabs";
    refused("1 2 3\n4 5 6\n", &format!("`t.csv`, row 2: {blanks}"));
    refused("a b c\n4 5 6\n", &format!("`t.csv`, row 2: {blanks}"));
    refused(
        "a,b,a\n1,2,3\n4,5,6\n",
        "`t.csv`, row 1, column 3: the name `a` is taken by column 1; rename one, or leave one out with --exclude 2",
    );
    refused(
        ",a,b\n0,2,3\n1,5,6\n",
        "`t.csv`, row 1, column 1: the column has no name; name it, or leave it out with --exclude 0",
    );
    refused_with("a,b\n1,2\n3,4\n", &["--columns", "a,c"], "--columns: there is no column `c`; there are a, b");
    refused_with("a,b\n1,2\n3,4\n", &["--columns", "A"], "--columns: there is no column `A`; did you mean `a`?");
    refused_with("a,b\n1,2\n3,4\n", &["--columns", "a,0"], "--columns names `0` twice");
    refused_with(
        "a,b\n1,2\n3,4\n",
        &["--exclude", "2"],
        "--exclude: there is no column 2; the last one of 2 is 1 (counted from 0)",
    );
    refused_with("a,b\n1,2\n3,4\n", &["--exclude", "a,b"], "`t.csv`: no column is left to learn from");
    refused_with(
        "a,b\n1,2\n3,4\n",
        &["--exclude", "a,,b"],
        "--exclude `a,,b` has an empty name; write --exclude a,b,c",
    );
}

#[test]
fn a_hundred_thousand_columns_are_refused_at_once() {
    let names: Vec<String> = (0..100_000).map(|j| format!("gene{j}")).collect();
    let values = vec!["1.5"; 100_000].join(",");
    let table = format!("{}\n{values}\n{values}\n", names.join(","));
    refused(
        &table,
        "`t.csv` has 100000 columns: the work matrices would need about 894 GiB of memory, and the limit is 8.0 GiB; \
         choose columns with --columns a,b,c, or raise the limit with --memory",
    );
}

#[test]
fn transforms_and_groups() {
    let table = "g,a,b\nx,1,2\nx,3,-4\ny,5,6\ny,7,9\n";
    let log = ["--group-by", "g", "--log"];
    refused_with(table, &log, "`t.csv`, row 3, column 3 (`b`): -4 has no logarithm; leave out --log, or the column");
    refused_with(
        table,
        &["--group-by", "g", "--groups", "z"],
        "`t.csv` has no row in the groups asked for; at least 2 are needed, because one sample has no variance",
    );
    let place = Place::new();
    let arguments =
        |options: &[&'static str]| [&["colide", "fit", "--dataset", "sachs", "--out", "x"], options].concat();
    place.refuse(&arguments(&["--conditions", "1,12"]), "--conditions: there is no condition `12`; legal are 1 to 9");
    place.refuse(&arguments(&["--group-by", "batch"]), "--group-by: `sachs` has no groups `batch`; it has `condition`");
    place.refuse(
        &["colide", "fit", "--dataset", "diabetes", "--conditions", "1", "--out", "x"],
        "--conditions: `diabetes` has no conditions",
    );
}

#[test]
fn covariances() {
    let options = ["--covariance", "--samples", "100"];
    refused_with("1,0\n0,1\n0,0\n", &options, "`t.csv` is 3 × 2; a square matrix is needed");
    refused_with(
        "1,0.5\n0,1\n",
        &options,
        "`t.csv`: `covariance` is not symmetric: entries (0, 1) and (1, 0) differ by 5e-1, more than rounding explains",
    );
    refused_with(
        "1,0\n0,-1\n",
        &options,
        "`t.csv`: `covariance` is not a covariance: diagonal entry 1 is -1e0, and it must not be negative",
    );
    refused_with("1,0\n0,q\n", &options, "`t.csv`, row 2, column 2 (`x1`): `q` is not a number");
    refused_with("1,0\n0,1\n", &["--covariance", "--samples", "1"], "--samples is 1; it must be finite and at least 2");
}

#[test]
fn options_of_the_method() {
    let table = "a,b\n1,2\n3,5\n4,4\n";
    let cases: [(&[&str], &str); 30] = [
        (&["--confidence", "1"], "--confidence is 1; it must be between 0 and 1"),
        (&["--sparsity-path", "0.1,,1"], "--sparsity-path `0.1,,1`: `` is not a number"),
        (&["--sparsity-path", "-1"], "--sparsity-path holds -1; each λ must be finite and >= 0"),
        (
            &["--sparsity-path", "auto", "--choose", "aic"],
            "--choose `aic`: write `bic`, or `ebic:G` with G from 0 to 1",
        ),
        (
            &["--sparsity-path", "auto", "--choose", "ebic:2"],
            "--choose `ebic:2`: write `bic`, or `ebic:G` with G from 0 to 1",
        ),
        (
            &["--sparsity-path", "auto", "--trace", "s.csv"],
            "--trace cannot be combined with --sparsity-path; to follow the chosen fit, pass its λ as --sparsity",
        ),
        (
            &["--bootstrap", "9", "--resampling", "1"],
            "--resampling `1`: write `bootstrap`, `half`, or a fraction of the rows between 0 and 1",
        ),
        (
            &["--bootstrap", "9", "--resampling", "third"],
            "--resampling `third`: write `bootstrap`, `half`, or a fraction of the rows between 0 and 1",
        ),
        (
            &["--bootstrap", "200"],
            "--bootstrap: in one of the draws all rows of `t.csv` are equal; it has too few different rows",
        ),
        (&["--lags", "2"], "--lags 2 needs at least 4 rows; `t.csv` has 3"),
        (&["--sparsity", "-1"], "`sparsity` is -1; it must be finite and >= 0"),
        (&["--sparsity", "nan"], "`sparsity` is NaN; it must be finite and >= 0"),
        (&["--threshold", "-0.5"], "`threshold` is -0.5; it must be finite and >= 0"),
        (&["--tolerance", "-1"], "`tolerance` is -1; it must be finite and >= 0"),
        (&["--max-steps", "0"], "`maximum_steps` is 0; it must be >= 1"),
        (&["--learning-rate", "1"], "--learning-rate is an option of --solver adam"),
        (&["--solver", "adam", "--learning-rate", "0"], "`learning_rate` is 0; it must be finite and > 0"),
        (&["--solver", "adam", "--max-steps", "3"], "--max-steps is an option of --solver newton"),
        (&["--schedule", "log:0"], "--schedule `log:0`: write `paper` or `log:N` with N from 1 to 10000"),
        (&["--schedule", "fast"], "--schedule `fast`: write `paper` or `log:N` with N from 1 to 10000"),
        (&["--mu", "1,x", "--s", "1"], "--mu `1,x`: `x` is not a number"),
        (&["--mu", "1,2", "--s", "1"], "`mu` is 2; it must be not larger than the value of the stage before"),
        (&["--floor", "low"], "--floor `low`: write `negligible`, `paper`, `relative:X` or `absolute:X`"),
        (&["--floor", "relative:2"], "`floor` is 2; it must be between 0 and 1"),
        (&["--floor", "absolute:1,2,3"], "--floor has 3 numbers for 2 variables; give one, or one for each"),
        (&["--known-scales", "0"], "`known_scales` is 0; it must be finite and > 0"),
        (&["--separator", "ab"], "--separator `ab` must be one character other than \", or `tab`"),
        (&["--memory", "-1"], "--memory is -1; it must be finite and >= 0"),
        (&["--initial-weights", "no.npy"], "`no.npy` does not exist"),
        (&["--decimal-comma", "--separator", ","], "--decimal-comma needs a --separator other than the comma"),
    ];
    for (options, message) in cases {
        // clap takes -1 as a value only where numbers are expected; `=` always works.
        let options: Vec<String> = match options {
            [name, value] if value.starts_with('-') => vec![format!("{name}={value}")],
            _ => options.iter().map(|&o| o.to_owned()).collect(),
        };
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        refused_with(table, &options, message);
    }
}

#[test]
fn series() {
    let table = "a,b,g\n1,2,1\n3,5,1\n4,4,1\n2,2,2\n5,7,2\n";
    let cases: [(&[&str], &str); 6] = [
        (&["--bootstrap", "9"], "--bootstrap, which draws rows one by one and so tears the series apart"),
        (&["--group-by", "g", "--intervened", "1:a"], "--intervened, which treats rows as independent of each other"),
        (&["--group-by", "g"], "--group-by, because the first row of a group does not follow the last one of another"),
        (&["--covariance", "--samples", "9"], "--covariance, which has no rows and so no order of time"),
        (&["--drop-missing"], "--missing or --drop-missing; fill the gaps of the series first"),
        (&["--trace", "s.csv"], "--trace; the steps of such a fit are not recorded"),
    ];
    for (options, reason) in cases {
        let options = [&["--lags", "1"], options].concat();
        refused_with(table, &options, &format!("--lags cannot be combined with {reason}"));
    }
    refused_with(
        table.replace('g', "a[t-1]"),
        &["--lags", "1"],
        "--lags calls the past of `a` `a[t-1]`, and `t.csv` has a column of that name; rename it",
    );
}

#[test]
fn missing_values() {
    let table = "a,b,g\n1,,1\n3,5,1\n,4,2\n2,,2\n5,,2\n";
    let refused = |options: &[&str], message: &str| refused_with(table, options, message);
    refused(
        &["--missing", "em", "--bootstrap", "9"],
        "--missing em cannot be combined with --bootstrap, whose draws need complete rows; use --missing drop",
    );
    refused(
        &["--missing", "pairwise", "--group-by", "g"],
        "--missing pairwise cannot be combined with --group-by, because the means of the groups need complete rows; use \
         --missing drop",
    );
    refused(
        &["--missing", "em", "--group-by", "g", "--intervened", "1:a"],
        "--missing em cannot be combined with --intervened, which needs complete rows; use --missing drop",
    );
    refused(
        &["--missing", "pairwise", "--exclude", "g"],
        "`t.csv`: `a` and `b` have 1 row in common; --missing pairwise needs 2, --missing em does not",
    );
    refused_with(
        "a,b\n1,\n3,\n2,4\n",
        &["--missing", "em"],
        "`t.csv`: column `b` has 1 number; at least 2 are needed, or leave it out with --exclude b",
    );
    refused_with(
        "a,b\n1,2\n3,inf\n2,4\n",
        &["--missing", "em"],
        "`t.csv`, row 3, column 2 (`b`): `inf` is not a finite number",
    );
    refused_with(
        "a,b\n,\n1,2\nNA,?\n",
        &["--missing", "em"],
        "`t.csv` has 1 row of numbers left of 3; at least 2 are needed, because one sample has no variance",
    );
}

#[test]
fn knowledge() {
    let table = "a,b,c\n1,2,3\n3,5,1\n4,4,2\n5,1,1\n";
    let cases: [(&[&str], &str); 10] = [
        (&["--require", "a=b"], "--require `a=b`: write cause->effect, in quotes"),
        (&["--require", "a->z"], "--require: there is no column `z`; there are a, b, c"),
        (
            &["--require", "a->b", "--forbid", "a->b"],
            "the prior knowledge contradicts itself: the edge 0 -> 1 is required, but it is forbidden (0 is a, 1 is b)",
        ),
        (
            &["--require", "a->b", "--root", "b"],
            "the prior knowledge contradicts itself: the edge 0 -> 1 is required, but 1 is a root (0 is a, 1 is b)",
        ),
        (
            &["--require", "a->b", "--require", "b->c", "--require", "c->a"],
            "the prior knowledge contradicts itself: the required edges close the cycle 1 -> 2 -> 0 -> 1 (0 is a, 1 is b, \
             2 is c)",
        ),
        (&["--sign", "a->b"], "--sign `a->b`: write A->B:+ or A->B:-"),
        (&["--sign", "a->b:*"], "--sign `a->b:*`: the sign must be + or -"),
        (&["--tiers", "a | | b"], "--tiers ` ` has an empty name; write --tiers a,b,c"),
        (&["--tiers", "a | q"], "--tiers: there is no column `q`; there are a, b, c"),
        (&["--knowledge", "no.json"], "`no.json` does not exist"),
    ];
    for (options, message) in cases {
        refused_with(table, options, message);
    }
    let place = Place::new();
    place.file("t.csv", table);
    let with = |json: &str, message: &str| {
        place.file("k.json", json);
        place.refuse(&["colide", "fit", "t.csv", "--out", "x", "--knowledge", "k.json"], message);
    };
    with("{", "`k.json`: EOF while parsing an object at line 1 column 1");
    with(
        r#"{"required": []}"#,
        "`k.json`: unknown field `required`, expected one of `require`, `forbid`, `roots`, `leaves`, `exogenous`, `tiers`, \
         `signs` at \
         line 1 column 11",
    );
    with(
        r#"{"require": [["a", 7]]}"#,
        "`k.json`, require: there is no column 7; the last one of 3 is 2 (counted from 0)",
    );
    with(r#"{"signs": [["a", "b", "up"]]}"#, "`k.json`, signs `up`: the sign must be + or -");
}

#[test]
fn npy_files() {
    let npy = |header: &str, data: &[u8]| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    };
    let refused = |bytes: &[u8], message: &str| {
        let place = Place::new();
        place.file("t.npy", bytes);
        place.refuse(&["colide", "fit", "t.npy", "--out", "x"], message);
    };
    let header =
        |descr: &str, shape: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    refused(b"", "`t.npy` is empty");
    refused(b"abc", "`t.npy` is a damaged npy file: it ends within its header");
    refused(b"PK\x03\x04 and more", "`t.npy` is no npy file: it does not begin with \\x93NUMPY");
    refused(b"\x93NUMPY\x09\x00\x10\x00abcdef", "`t.npy` is a damaged npy file: version 9 of the format is not known");
    refused(b"\x93NUMPY\x01\x00\xff\xffabcdef", "`t.npy` is a damaged npy file: it ends within its header");
    refused(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "`t.npy` is a damaged npy file: it ends within its header");
    refused(&npy("{}", &[]), "`t.npy` is a damaged npy file: the header has no `descr`");
    refused(
        &npy(&header("'<f8'", "(3, 2)"), &[0; 40]),
        "`t.npy` is a damaged npy file: 3 × 2 numbers of 8 bytes are 48 bytes, but 40 follow the header",
    );
    refused(
        &npy(&header("'<f8'", "(18446744073709551615, 18446744073709551615)"), &[0; 8]),
        "`t.npy` is a damaged npy file: 18446744073709551615 × 18446744073709551615 numbers of 8 bytes are \
         340282366920938463463374607431768211455 bytes, but 8 follow the header",
    );
    refused(
        &npy(&header("'<f8'", "(6,)"), &[0; 48]),
        "`t.npy` holds an array of 1 dimensions (6); a matrix of samples × variables is needed",
    );
    refused(
        &npy(&header("'<f8'", "(1, 2, 3)"), &[0; 48]),
        "`t.npy` holds an array of 3 dimensions (1 × 2 × 3); a matrix of samples × variables is needed",
    );
    refused(&npy(&header("'<f8'", "(0, 3)"), &[]), "`t.npy` holds no numbers: its shape is 0 × 3");
    refused(&npy(&header("'<f8'", "(0.5, 3)"), &[]), "`t.npy` is a damaged npy file: the header has no `shape`");
    refused(
        &npy(&header("'|O'", "(1, 1)"), &[0; 8]),
        "`t.npy` holds Python objects; floating-point numbers or integers are needed (`x.astype(float)`)",
    );
    refused(
        &npy(&header("'<c16'", "(1, 1)"), &[0; 16]),
        "`t.npy` holds numbers of type `<c16`; floating-point numbers or integers are needed (`x.astype(float)`)",
    );
    refused(
        &npy(&header("[('a', '<f8')]", "(1, 1)"), &[0; 8]),
        "`t.npy` holds records with named fields; floating-point numbers or integers are needed (`x.astype(float)`)",
    );
    let numbers: Vec<u8> = [1.0, 2.0, f64::NAN, 4.0].iter().flat_map(|v: &f64| v.to_le_bytes()).collect();
    refused(
        &npy(&header("'<f8'", "(2, 2)"), &numbers),
        "`t.npy`, row 2, column 1 (`x0`): `NaN` is not a finite number; fill it, or choose with --missing drop, em or pairwise \
         what is done about it",
    );
}

#[test]
fn folders() {
    let place = Place::new();
    place.file("t.csv", "a,b\n1,2\n3,5\n4,4\n");
    place.file("f", "");
    std::fs::create_dir(place.path("old")).unwrap();
    place.refuse(
        &["colide", "fit", "t.csv", "--out", "old"],
        "`old` exists; pass --force to replace the results in it, or choose another --out",
    );
    place.refuse(
        &["colide", "fit", "t.csv", "--out", "f", "--force"],
        "`f` exists and is no folder; choose another --out",
    );
    place.refuse(&["colide", "fit", "t.csv", "--out", "no/x"], "--out: the folder `no` does not exist");
    place.refuse(&["colide", "fit", "t.csv", "--out", ".."], "--out `..` is no name for a folder");
}

#[test]
fn truths() {
    let place = Place::new();
    place.file("t.csv", "a,b,c\n1,2,3\n3,5,1\n4,4,2\n5,1,1\n");
    let with = |text: &str, message: &str| {
        place.file("truth.csv", text);
        place.refuse(&["colide", "fit", "t.csv", "--out", "x", "--truth", "truth.csv"], message);
    };
    with("cause,effect\na,q\n", "`truth.csv`, row 2: there is no column `q`; there are a, b, c");
    with("a,b\nb,a\n", "--truth: `truth` has a cycle: 1 -> 0 -> 1 (0 is a, 1 is b)");
    with("0,1,0\n0,0,2\n0,0,0\n", "--truth: `truth` holds 2 at (1, 2); legal are 0 and 1");
    with("0,1,0,0\n0,0,1,0\n0,0,0,0\n0,0,0,0\n", "`truth.csv` is 4 × 4, but there are 3 variables");
}

#[test]
fn queries() {
    let place = Place::new();
    place.file("t.csv", "a,b\n1,2\n3,5\n4,4\n6,9\n");
    place.succeed(&["colide", "fit", "t.csv", "--out", "x"]);
    place.file("bad.json", "{}");
    place.file("old.json", r#"{"schema": "orthant-colide-fit", "schema_version": 99}"#);
    place.file("row.csv", "a\n1\n");
    let query = |arguments: &[&str], message: &str| place.refuse(&[&["colide", "query"], arguments].concat(), message);
    query(&["no.json", "--effects"], "`no.json` does not exist");
    query(&["t.csv", "--effects"], "`t.csv` is no JSON: expected value at line 1 column 1");
    query(&["bad.json", "--effects"], "`bad.json` is no saved fit: its `schema` is not `orthant-colide-fit`");
    query(&["old.json", "--effects"], "`old.json`: schema_version is 99, and this program reads 1");
    query(&["x", "--do", "a"], "--do `a`: write X=value");
    query(&["x", "--do", "q=1"], "--do: there is no column `q`; there are a, b");
    query(&["x", "--do", "a=inf"], "--do `a=inf`: `inf` is not a finite number");
    query(&["x", "--do", "a=1", "--do", "0=2"], "--do sets `a` twice");
    query(&["x", "--root-cause", "a=1"], "--root-cause has no value for b");
    query(&["x", "--root-cause", "a=1,b=2,a=3"], "--root-cause gives `a` twice");
    query(&["x", "--root-cause", "row.csv"], "`row.csv`: the header has no column `b`");
    query(&["x", "--root-cause", "t.csv"], "`t.csv` has 4 rows; one is needed");
    query(&["x", "--adjust", "a"], "--adjust `a`: write cause->effect, in quotes");
}

#[test]
fn usage_is_refused_with_code_2() {
    let place = Place::new();
    for arguments in [
        &["colide", "fit"][..],
        &["colide", "fit", "a.csv", "--dataset", "sachs"],
        &["colide", "fit", "a.csv", "--noise", "loud"],
        &["colide", "fit", "a.csv", "--starts", "path,nowhere"],
        &["colide", "fit", "a.csv", "--covariance"],
        &["colide", "fit", "a.csv", "--threads", "0"],
        &["colide", "fit", "a.csv", "--bootstrap", "1"],
        &["colide", "fit", "a.csv", "--covariance", "--samples", "9", "--bootstrap", "9"],
        &["colide", "fit", "a.csv", "--sparsity", "1", "--sparsity-path", "auto"],
        &["colide", "fit", "a.csv", "--choose", "bic"],
        &["colide", "fit", "a.csv", "--resampling", "half"],
        &["colide", "fit", "a.csv", "--bootstrap", "9", "--bootstrap-begin", "warm"],
        &["colide", "fit", "a.csv", "--missing", "guess"],
        &["colide", "fit", "a.csv", "--missing", "em", "--drop-missing"],
        &["colide", "fit", "a.csv", "--covariance", "--samples", "9", "--missing", "em"],
        &["colide", "fit", "a.csv", "--lags", "0"],
        &["colide", "fit", "a.csv", "--unknown"],
        &["colide", "query", "fit.json"],
        &["colide", "query", "fit.json", "--counterfactual", "a=1"],
        &["datasets", "export", "mnist"],
        &[],
    ] {
        let run = place.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains("Usage") || run.err.contains("error:"), "{arguments:?}: {}", run.err);
        assert!(place.names().is_empty());
    }
}
