//! `orthant sparse-linreg` and `orthant bcd` as a user runs them.

mod program;

use ndarray::{Array1, Array2};
use ndarray_npy::WriteNpyExt;
use program::{Place, names};
use serde_json::Value;
use std::fmt::Write;

/// Numbers that look random: 60 rows of 6 features and a response of the first two, with a column of groups and one of weights.
fn table() -> (Array2<f64>, Array1<f64>) {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    };
    let x = Array2::from_shape_simple_fn((60, 6), &mut next);
    // A third of the entries are zero, for the sparse format.
    let x = x.mapv(|v: f64| if v < -0.17 { 0.0 } else { v });
    let y = Array1::from_shape_fn(60, |i| 3.0 * x[[i, 0]] - 2.0 * x[[i, 1]] + 0.3 * next() + 1.0);
    (x, y)
}

fn csv(x: &Array2<f64>, y: &Array1<f64>) -> String {
    let mut text = "a,b,c,d,e,f,y,site,s\n".to_owned();
    for (i, row) in x.rows().into_iter().enumerate() {
        row.iter().for_each(|v| {
            let _ = write!(text, "{v},");
        });
        let _ = writeln!(text, "{},{},{}", y[i], ["north", "south", "west"][i % 3], 1 + i % 2);
    }
    text
}

fn svmlight(x: &Array2<f64>, y: &Array1<f64>) -> String {
    let mut text = "# a comment\n\n".to_owned();
    for (row, y) in x.rows().into_iter().zip(y) {
        let _ = write!(text, "{y}");
        for (j, v) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            let _ = write!(text, " {}:{v}", j + 1);
        }
        text.push('\n');
    }
    text
}

fn npy(place: &Place, name: &str, x: &Array2<f64>) {
    let mut bytes = Vec::new();
    x.write_npy(&mut bytes).unwrap();
    place.file(name, bytes);
}

/// A place with the table in every format.
fn place() -> Place {
    let place = Place::new();
    let (x, y) = table();
    place.file("t.csv", csv(&x, &y));
    place.file("t.svm", svmlight(&x, &y));
    npy(&place, "x.npy", &x);
    let mut bytes = Vec::new();
    y.write_npy(&mut bytes).unwrap();
    place.file("y.npy", bytes);
    place.file("y.csv", y.iter().fold("y\n".to_owned(), |text, y| text + &format!("{y}\n")));
    place
}

/// The coefficients of a document, in the order of `features`; 0 where there is none.
fn coefficients(document: &Value, features: &[&str]) -> Vec<f64> {
    let list = document["model"]["coefficients"].as_array().or(document["coefficients"].as_array()).unwrap();
    let of = |name: &str| {
        let record = list.iter().find(|record| record["feature"] == name);
        record.map_or(0.0, |record| record["coefficient"].as_f64().unwrap())
    };
    features.iter().map(|name| of(name)).collect()
}

#[track_caller]
fn assert_close(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= tolerance * (1.0 + y.abs()), "{a:?}\n{b:?}");
    }
}

const LETTERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const NUMBERS: [&str; 6] = ["x1", "x2", "x3", "x4", "x5", "x6"];
const COLUMNS: [&str; 6] = ["x0", "x1", "x2", "x3", "x4", "x5"];
const ONLY: [&str; 4] = ["--response", "y", "--exclude", "site,s"];

fn with<'a>(words: &[&'a str], options: &[&'a str]) -> Vec<&'a str> {
    words.iter().chain(options).copied().collect()
}

#[test]
fn a_path_writes_its_folder() {
    let place = Place::new();
    let out = place.succeed(&["sparse-linreg", "path", "--dataset", "diabetes", "--out", "p"]);
    assert!(out.starts_with("Lasso path: diabetes, 442 rows, 10 features, response `progression`\n"), "{out}");
    assert_eq!(names(&place.path("p")), ["coefficients.csv", "path.csv", "path.json", "path.svg", "report.html"]);
    let document = place.json("p/path.json");
    assert_eq!(document["schema"], "orthant-sparse-linreg-path");
    let levels = document["levels"].as_array().unwrap();
    assert_eq!(levels.len(), 100);
    assert_eq!(levels[0]["nonzero"], 0);
    // The known order of entry on these data.
    let entered: Vec<&str> =
        document["features"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).take(5).collect();
    assert!(entered[..2].contains(&"bmi") && entered[..2].contains(&"s5") && entered[2] == "bp", "{entered:?}");
    let mut before = -1.0;
    for level in levels {
        assert!(level["converged"].as_bool().unwrap() && level["relative_gap"].as_f64().unwrap() <= 1e-8);
        let explained = level["r_squared"].as_f64().unwrap();
        assert!(explained >= before - 1e-9);
        before = explained;
    }
    assert_eq!(place.text("p/path.csv").lines().count(), 101);
    let text = place.text("p/coefficients.csv");
    assert_eq!(text.lines().count(), 101);
    assert!(text.starts_with("lambda,(intercept),"));
    let (svg, report) = (place.text("p/path.svg"), place.text("p/report.html"));
    assert!(svg.starts_with("<svg") && svg.contains(">bmi<") && !svg.contains("NaN"));
    assert!(report.contains("orthant sparse-linreg path --dataset diabetes") && report.contains("var(--rule)"));
}

#[test]
fn results_depend_on_neither_threads_nor_where_they_go() {
    let place = place();
    for (command, file) in [
        (&["sparse-linreg", "cv", "t.csv", "--methods", "lasso,rsp:2,relaxed:0.5,subset"][..], "cv.json"),
        (&["sparse-linreg", "select", "t.csv", "--method", "stability"], "selection.json"),
        (&["bcd", "solve", "t.csv", "--penalty", "l1", "--fraction", "0.1"], "fit.json"),
    ] {
        let command = with(command, &ONLY);
        let one = place.succeed(&with(&command, &["--out", "one", "--threads", "1", "--json", "--force"]));
        let two = place.succeed(&with(&command, &["--out", "two", "--threads", "2", "--json", "--force"]));
        assert_eq!(one, two);
        assert_eq!(place.text(&format!("one/{file}")), one);
        assert_eq!(place.bytes("one/report.html"), place.bytes("two/report.html"));
    }
}

#[test]
fn all_formats_give_the_same_model() {
    let place = place();
    let fit = |table: &[&str]| {
        let words = with(&["sparse-linreg", "fit"], table);
        place
            .succeed(&with(&words, &["--fraction", "0.1", "--tolerance", "1e-12", "--out", "o", "--force", "--quiet"]));
        place.json("o/fit.json")
    };
    let from_csv = fit(&with(&["t.csv"], &ONLY));
    let expected = coefficients(&from_csv, &LETTERS);
    assert!(expected[0] > 1.0 && expected[1] < -0.5, "{expected:?}");
    assert_close(&coefficients(&fit(&["t.svm"]), &NUMBERS), &expected, 1e-9);
    assert_close(&coefficients(&fit(&["x.npy", "--response-file", "y.npy"]), &COLUMNS), &expected, 1e-12);
    assert_close(&coefficients(&fit(&["x.npy", "--response-file", "y.csv"]), &COLUMNS), &expected, 1e-12);
    let from_svmlight = fit(&["t.svm", "--response-file", "y.csv"]);
    assert_close(&coefficients(&from_svmlight, &NUMBERS), &expected, 1e-9);
    assert!(from_svmlight["data"]["density"].as_f64().unwrap() < 0.9);
    // Rows with holes are left out when asked.
    place.file("h.csv", place.text("t.csv") + "1,2,3,4,5,,6,north,1\n1,2,3,4,5,6,NA,west,1\n");
    let holes = fit(&with(&["h.csv", "--drop-missing"], &ONLY));
    assert_eq!(holes["data"]["dropped_rows"], 2);
    assert_close(&coefficients(&holes, &LETTERS), &expected, 1e-12);
}

#[test]
fn block_coordinate_descent_and_the_lasso_agree() {
    let place = place();
    // Half the sum of squares instead of half their mean: λ is n times as large.
    let options = ["--no-standardise", "--out", "o", "--force", "--quiet"];
    let solve = with(&["bcd", "solve", "t.csv", "--penalty", "l1", "--lambda", "3", "--tolerance", "1e-12"], &ONLY);
    place.succeed(&with(&solve, &options));
    let descent = place.json("o/fit.json");
    let fit = with(&["sparse-linreg", "fit", "t.csv", "--lambda", "0.05", "--tolerance", "1e-14"], &ONLY);
    place.succeed(&with(&fit, &options));
    let lasso = place.json("o/fit.json");
    assert_close(&coefficients(&descent, &LETTERS), &coefficients(&lasso, &LETTERS), 1e-7);
    let intercepts = (descent["intercepts"][0].as_f64().unwrap(), lasso["model"]["intercept"].as_f64().unwrap());
    assert!((intercepts.0 - intercepts.1).abs() < 1e-7, "{intercepts:?}");
    let scores = (descent["result"]["score"].as_f64().unwrap(), lasso["model"]["r_squared"].as_f64().unwrap());
    assert!((scores.0 - scores.1).abs() < 1e-7, "{scores:?}");
    // Sparse columns, other blocks, another update: the same minimum.
    for method in [
        &["t.svm", "--blocks", "variable:2"][..],
        &["t.svm", "--blocks", "sort:3", "--rule", "gs-model", "--update", "gradient", "--max-iterations", "100000"],
        &["t.svm", "--blocks", "order:1", "--rule", "cyclic", "--update", "exact"],
    ] {
        let solve = with(&["bcd", "solve", "--penalty", "l1", "--lambda", "3", "--tolerance", "1e-12"], method);
        place.succeed(&with(&solve, &options));
        assert_close(&coefficients(&place.json("o/fit.json"), &NUMBERS), &coefficients(&lasso, &LETTERS), 1e-6);
    }
}

#[test]
fn weights_count_rows() {
    let place = place();
    let text = place.text("t.csv");
    // Rows of weight 2 stand twice.
    let mut twice = String::new();
    for (line, row) in text.lines().enumerate() {
        let copies = if line > 0 && row.ends_with(",2") { 2 } else { 1 };
        (0..copies).for_each(|_| {
            twice.push_str(row);
            twice.push('\n');
        });
    }
    place.file("twice.csv", twice);
    let run = |words: &[&str]| {
        place.succeed(&with(words, &["--response", "y", "--out", "o", "--force", "--quiet"]));
        place.json("o/fit.json")
    };
    for command in [
        &["sparse-linreg", "fit", "--lambda", "0.03", "--tolerance", "1e-12"][..],
        &["sparse-linreg", "fit", "--method", "square-root", "--lambda", "0.2", "--tolerance", "1e-12"],
        &["bcd", "solve", "--penalty", "elastic-net", "--lambda", "2", "--ridge", "1", "--tolerance", "1e-12"],
    ] {
        let weighted = run(&with(command, &["t.csv", "--weights", "s", "--exclude", "site"]));
        let repeated = run(&with(command, &["twice.csv", "--exclude", "site,s"]));
        assert_close(&coefficients(&weighted, &LETTERS), &coefficients(&repeated, &LETTERS), 1e-7);
        assert_eq!(weighted["data"]["weighted"], true);
    }
}

#[test]
fn constraints_hold() {
    let place = place();
    let fit = |options: &[&str]| {
        let words = with(&["sparse-linreg", "fit", "t.csv", "--out", "o", "--force", "--quiet"], &ONLY);
        place.succeed(&with(&words, options));
        coefficients(&place.json("o/fit.json"), &LETTERS)
    };
    let positive = fit(&["--lambda", "0.01", "--positive"]);
    assert!(positive.iter().all(|&w| w >= 0.0) && positive[0] > 1.0, "{positive:?}");
    let bounded = fit(&["--lambda", "0.01", "--bound", "a=:0.5", "--bound", "b=-0.25:"]);
    assert!((bounded[0] - 0.5).abs() < 1e-9 && (bounded[1] + 0.25).abs() < 1e-9, "{bounded:?}");
    let free = fit(&["--fraction", "1", "--penalty-factor", "c=0"]);
    assert!(free[2] != 0.0, "{free:?}");
    let solve =
        with(&["bcd", "solve", "t.csv", "--penalty", "box", "--bounds=-1:1", "--out", "o", "--force", "-q"], &ONLY);
    place.succeed(&with(&solve, &["--no-standardise"]));
    let boxed = coefficients(&place.json("o/fit.json"), &LETTERS);
    assert!((boxed[0] - 1.0).abs() < 1e-9 && (boxed[1] + 1.0).abs() < 1e-9, "{boxed:?}");
}

#[test]
fn cross_validation_races_on_the_folds_that_are_asked_for() {
    let place = place();
    let out = place.succeed(&with(&["sparse-linreg", "cv", "t.csv", "--methods", "lasso,subset", "--out", "c"], &ONLY));
    assert!(out.starts_with("5-fold cross-validation: t.csv, 60 rows, 6 features, response `y`"), "{out}");
    let files = ["coefficients.csv", "cv.csv", "cv.json", "cv.svg", "report.html"];
    assert_eq!(names(&place.path("c")), files);
    let document = place.json("c/cv.json");
    let methods = document["methods"].as_array().unwrap();
    let winner = document["winner"].as_u64().unwrap() as usize;
    let errors: Vec<f64> = methods.iter().map(|m| m["error"].as_f64().unwrap()).collect();
    assert!(errors.iter().all(|&error| error >= errors[winner]), "{errors:?}");
    assert!(methods[0]["one_se"].as_u64().unwrap() <= methods[0]["best"].as_u64().unwrap());
    let r_squared = document["model"]["r_squared"].as_f64().unwrap();
    assert!(r_squared > 0.9, "{r_squared}");

    let grouped = ["--group-by", "site", "--exclude", "s", "--response", "y", "--folds", "3"];
    place.succeed(&with(&["sparse-linreg", "cv", "t.csv", "--out", "g", "--quiet"], &grouped));
    assert_eq!(place.json("g/cv.json")["folds"], 3);
    let one_se = ["--time-ordered", "--rule", "one-se", "--out", "o", "--quiet"];
    place.succeed(&with(&with(&["sparse-linreg", "cv", "t.csv"], &ONLY), &one_se));
    let document = place.json("o/cv.json");
    assert_eq!(document["methods"][0]["chosen"], document["methods"][0]["one_se"]);
}

#[test]
fn subsets_are_certified() {
    let place = place();
    let select = |options: &[&str]| {
        let words = with(&["sparse-linreg", "select", "t.csv", "--out", "o", "--force", "--quiet"], &ONLY);
        place.succeed(&with(&words, options));
        place.json("o/selection.json")
    };
    let exact = select(&["--search", "exhaustive", "--criterion", "bic"]);
    let sizes = exact["sizes"].as_array().unwrap();
    assert_eq!(sizes.len(), 7);
    assert!(sizes.iter().all(|size| size["certificate"].as_str().unwrap().starts_with("optimal")));
    assert_eq!(sizes[2]["features"], serde_json::json!(["a", "b"]));
    assert_eq!(exact["chosen"], 2);
    let spliced = select(&[]);
    for (a, b) in sizes.iter().zip(spliced["sizes"].as_array().unwrap()) {
        assert!(b["rss"].as_f64().unwrap() >= a["rss"].as_f64().unwrap() * (1.0 - 1e-12));
    }
    let forced = select(&["--always-in", "f", "--max-size", "3"]);
    assert!(
        forced["sizes"].as_array().unwrap().iter().all(|s| s["features"].as_array().unwrap().contains(&"f".into()))
    );
    assert_eq!(select(&["--method", "omp"])["sizes"][1]["features"], serde_json::json!(["a", "b"]));
    let stable = select(&["--method", "stability"]);
    assert_eq!(stable["frequencies"][0]["frequency"], 1.0);
    assert_eq!(names(&place.path("o")), ["frequencies.csv", "report.html", "selection.json"]);
}

#[test]
fn designs_are_diagnosed() {
    let place = place();
    let out = place.succeed(&with(&["sparse-linreg", "diagnose", "t.csv", "--sparsity", "2,3", "--out", "d"], &ONLY));
    assert!(out.contains("the plain Lasso is safe"), "{out}");
    // Thirty columns that share one direction.
    let mut text = "y".to_owned();
    (0..30).for_each(|j| {
        let _ = write!(text, ",x{j}");
    });
    let (x, y) = table();
    for i in 0..40 {
        let _ = write!(text, "\n{}", y[i]);
        (0..30).for_each(|j| {
            let _ = write!(text, ",{}", x[[i, 0]] + 1e-5 * x[[(7 * i + j) % 60, j % 6]]);
        });
    }
    place.file("shared.csv", text + "\n");
    let out = place.succeed(&["sparse-linreg", "diagnose", "shared.csv", "-y", "y", "--sparsity", "3", "--out", "e"]);
    assert!(out.contains("not safe") && out.contains("--methods lasso,rsp:3"), "{out}");
    assert_eq!(place.json("e/diagnosis.json")["diagnoses"][0]["lasso_is_safe"], false);
}

#[test]
fn classes_have_names() {
    let place = place();
    let (x, y) = table();
    let mut text = "a,b,c,kind\n".to_owned();
    for i in 0..60 {
        let kind = if y[i] > 1.5 {
            "high"
        } else if y[i] > 0.8 {
            "middle"
        } else {
            "low"
        };
        let _ = writeln!(text, "{},{},{},{kind}", x[[i, 0]], x[[i, 1]], x[[i, 2]]);
    }
    place.file("k.csv", &text);
    place.file("two.csv", text.replace("middle", "low"));
    let solve = |words: &[&str]| {
        let words = with(&["bcd", "solve", "--response", "kind", "--out", "o", "--force", "--quiet"], words);
        place.succeed(&words);
        place.json("o/fit.json")
    };
    let many = solve(&["k.csv", "--loss", "softmax", "--ridge", "0.1"]);
    assert_eq!(many["data"]["classes"], serde_json::json!(["high", "low", "middle"]));
    assert_eq!(many["intercepts"].as_array().unwrap().len(), 3);
    assert!(
        many["result"]["converged"].as_bool().unwrap() && many["result"]["score"].as_f64().unwrap() > 0.7,
        "{many}"
    );
    let grouped = solve(&["k.csv", "--loss", "softmax", "--penalty", "group", "--fraction", "0.3"]);
    assert!(grouped["result"]["converged"].as_bool().unwrap(), "{}", grouped["result"]);
    // A feature is in for all classes or for none.
    assert_eq!(grouped["coefficients"].as_array().unwrap().len() % 3, 0);
    assert!(grouped["zeros"].as_u64().unwrap() > 0);
    let two = solve(&["two.csv", "--loss", "logistic", "--penalty", "l1", "--fraction", "0.05"]);
    assert!(two["result"]["score"].as_f64().unwrap() > 0.85, "{}", two["result"]);
    // The first class is the one that the linear predictor speaks against.
    assert!(coefficients(&two, &["a"])[0] < 0.0);
    // At the largest level everything is zero.
    let none = solve(&["two.csv", "--loss", "logistic", "--penalty", "l1", "--fraction", "1"]);
    assert_eq!(none["coefficients"], serde_json::json!([]));
}

#[test]
fn bad_input_is_refused_in_one_line() {
    let place = place();
    let refuse = |words: &[&str], message: &str| place.refuse(&with(words, &["--out", "x"]), message);
    let fit = ["sparse-linreg", "fit", "--lambda", "1"];
    refuse(
        &with(&fit, &["t.csv"]),
        "`t.csv`: which column is the response? Pass --response NAME; there are a, b, c, d, e, f, y, site, s",
    );
    refuse(&with(&fit, &["t.csv", "-y", "Y"]), "--response: there is no column `Y`; did you mean `y`?");
    refuse(
        &with(&fit, &["t.csv", "-y", "site"]),
        "`t.csv`, row 2, column 8 (`site`): `north` is not a number; the response must be one",
    );
    refuse(
        &with(&fit, &["t.csv", "-y", "y"]),
        "`t.csv`, row 2, column 8 (`site`): `north` is not a number; correct it, or leave the column out with --exclude site",
    );
    refuse(&with(&fit, &["t.csv", "-y", "y", "--weights", "y"]), "--weights and --response name the same column");
    refuse(
        &with(&fit, &["x.npy"]),
        "`x.npy`: which column is the response? Pass --response INDEX, or the response in a file of its own by \
         --response-file FILE",
    );
    place.file("short.csv", "1\n2\n");
    refuse(
        &with(&fit, &["x.npy", "--response-file", "short.csv"]),
        "`x.npy` has 60 rows, but the response has 2 values",
    );
    refuse(&with(&fit, &["x.npy", "--response-file", "t.csv"]), "--response-file `t.csv` has 9 columns; one is needed");
    place.file("holes.csv", "a,y\n1,2\n,3\n");
    refuse(
        &with(&fit, &["holes.csv", "-y", "y"]),
        "`holes.csv`, row 3, column 1 (`a`): the cell is empty; fill it, or pass --drop-missing to leave such rows out",
    );
    place.file("weights.csv", "a,y,w\n1,2,1\n2,3,-1\n");
    refuse(
        &with(&fit, &["weights.csv", "-y", "y", "--weights", "w"]),
        "`weights.csv`, row 3, column 3 (`w`): the weight is -1; it must be >= 0",
    );
    place.file("one.csv", "y\n1\n2\n");
    refuse(&with(&fit, &["one.csv", "-y", "y"]), "`one.csv`: no column is left as a feature");
    refuse(
        &with(&["sparse-linreg", "fit", "t.csv"], &ONLY),
        "pass the penalty level: --lambda, or --fraction of the largest one; `cv` finds it",
    );
    let model = with(&with(&fit, &["t.csv"]), &ONLY);
    refuse(&with(&model, &["--bound", "a=1"]), "--bound `a=1`: write NAME=LOW:HIGH; either end may be empty");
    refuse(&with(&model, &["--bound", "a"]), "--bound `a`: write NAME=VALUE");
    refuse(&with(&model, &["--penalty-factor", "a=x"]), "--penalty-factor `a=x`: `x` is not a finite number");
    refuse(&with(&model, &["--alpha", "2"]), "`t.csv`: `alpha` is 2; it must be in [0, 1]");
    refuse(&with(&model, &["--method", "rsp", "--positive"]), "--positive does not go with this --method");
    let cv = with(&["sparse-linreg", "cv", "t.csv"], &ONLY);
    refuse(
        &with(&cv, &["--folds", "1"]),
        "`t.csv`: `folds` is 1; it must be at least 2 and at most the number of rows",
    );
    refuse(
        &with(&cv, &["--methods", "ridge"]),
        "--methods `ridge`: there are `lasso`, `rsp:K`, `relaxed:PHI` and `subset`",
    );
    let select = with(&["sparse-linreg", "select", "t.csv"], &ONLY);
    refuse(
        &with(&select, &["--criterion", "cp"]),
        "--criterion `cp`: there are `aic`, `aicc`, `bic`, `gic` and `ebic:G`",
    );
}

#[test]
fn data_that_do_not_come_with_the_program_are_asked_for() {
    let place = place();
    let words = ["sparse-linreg", "path", "--dataset", "trim32", "--out", "x"];
    let output = place.command(&words).env_remove("ORTHANT_DATA").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("ORTHANT_DATA") && message.contains("trim32/trim32.csv"), "{message}");
    let output = place.command(&words).env("ORTHANT_DATA", "nowhere").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: `nowhere/trim32/trim32.csv` does not exist\n");
    std::fs::create_dir_all(place.path("d/trim32")).unwrap();
    place.file("d/trim32/trim32.csv", "y,g1,g2\n1,2,3\n2,3,5\n3,3,1\n");
    let output = place.command(&words).env("ORTHANT_DATA", "d").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn sparse_text_is_refused_where_it_is_wrong() {
    let place = Place::new();
    let refused = |text: &str, message: &str| {
        place.file("t.svm", text);
        place.refuse(&["bcd", "solve", "t.svm", "--out", "x"], message);
    };
    refused("", "`t.svm` is empty");
    refused("# nothing\n\n", "`t.svm` is empty");
    refused("1\n2\n", "`t.svm` has no features");
    refused("1 1:2\n2 1:3 2\n", "`t.svm`, row 2: `2` is no index:value pair");
    refused("1 1:2\n\n2 a:3\n", "`t.svm`, row 3: `a` is no index of a feature");
    refused("1 1:nan\n", "`t.svm`, row 1: feature 1: `nan` is not a finite number");
    refused("1 1:1 1:2\n", "`t.svm`, row 1: feature 1 occurs twice");
    refused("1:1\n", "`t.svm`, row 1: `1:1` stands where the response is expected");
    refused("x 1:1\n", "`t.svm`, row 1: the response `x` is not a finite number");
    place.file("t.svm", "1 99999999999:1\n");
    place.refuse(
        &["bcd", "solve", "t.svm", "--out", "x"],
        "`t.svm` has more numbers than fit into the limit of 8.0 GiB; choose columns with --columns a,b,c, or raise the limit \
         with --memory",
    );
    place.file("t.svm", "1 1:1\n2 2:1\n");
    place.refuse(
        &["bcd", "solve", "t.svm", "-y", "x1", "--out", "x"],
        "--response names a column, and `t.svm` (svmlight) has no named columns",
    );
}

#[test]
fn combinations_that_make_no_sense_are_refused() {
    let place = place();
    let refuse = |words: &[&str], message: &str| {
        let solve = with(&["bcd", "solve", "t.csv", "--out", "x"], &ONLY);
        place.refuse(&with(&solve, words), message);
    };
    refuse(&["--penalty", "l1"], "this penalty needs a level: pass --lambda, or --fraction");
    refuse(&["--lambda", "1"], "--lambda and --fraction belong to a penalty with a level, such as --penalty l1");
    refuse(&["--penalty", "box"], "--penalty box needs --bounds LOW:HIGH; either end may be empty");
    refuse(&["--bounds", "0:1"], "--bounds belongs to --penalty box");
    refuse(&["--penalty", "group", "--lambda", "1", "--group", "a,b", "--group", "b"], "--group: `b` is in two groups");
    refuse(
        &["--penalty", "l1", "--lambda", "1", "--rule", "gs"],
        "`t.csv`: rule Gs does not go with penalty L1: it looks at the smooth part alone; use GsModel, GsLength or GsSubgradient",
    );
    refuse(
        &["--blocks", "tree:3"],
        "--blocks `tree:3`: write `variable:N`, `order:N`, `sort:N`, `average:N`, `row-sum-sort:N`, `row-sum-average:N`, \
         `random:N` or `whole`",
    );
    refuse(&["--blocks", "order:0"], "`t.csv`: the block size is 0; a block holds at least one coordinate");
    refuse(&["--tolerance", "2"], "`t.csv`: `tolerance` is 2; it must be in [0, 1)");
    place.refuse(
        &["bcd", "solve", "t.csv", "--loss", "logistic", "-y", "site", "--out", "x"],
        "`t.csv`: the logistic loss needs a response of 2 classes, and `site` has 3; use --loss softmax for more",
    );
}

#[test]
fn labels_spread_over_graphs() {
    let place = Place::new();
    // A path a - b - c - d with a shortcut of no weight, and its labels at the ends.
    place.file("edges.csv", "a,b,1\nb,c,1\nc,d,1\na,d,0\n");
    place.file("values.csv", "a,0\nd,3\n");
    place.succeed(&["bcd", "propagate", "edges.csv", "--labels", "values.csv", "--values", "--out", "v", "--quiet"]);
    assert_eq!(names(&place.path("v")), ["nodes.csv", "propagation.json", "report.html"]);
    let nodes = place.text("v/nodes.csv");
    let value = |name: &str| -> f64 {
        let line = nodes.lines().find(|line| line.starts_with(&format!("{name},"))).unwrap();
        line.split(',').nth(2).unwrap().parse().unwrap()
    };
    assert!((value("b") - 1.0).abs() < 1e-6 && (value("c") - 2.0).abs() < 1e-6 && value("d") == 3.0, "{nodes}");
    place.file("classes.csv", "node,class\na,red\nd,blue\n");
    let spread = ["bcd", "propagate", "edges.csv", "--labels", "classes.csv", "--out", "c"];
    let out = place.succeed(&spread);
    assert!(out.starts_with("Label propagation: 4 nodes, 4 edges, 2 labels\n"), "{out}");
    let nodes = place.text("c/nodes.csv");
    assert!(nodes.contains("a,true,red,1.0\n") && nodes.contains("b,false,red,0.333"), "{nodes}");
    assert_eq!(place.json("c/propagation.json")["classes"], serde_json::json!([["blue", 2], ["red", 2]]));
    let bounded = ["--values", "--bounds", ":1.5", "--out", "w", "--quiet"];
    place.succeed(&with(&["bcd", "propagate", "edges.csv", "--labels", "values.csv"], &bounded));
    assert_eq!(place.json("w/propagation.json")["runs"][0]["method"], "projected-conjugate-gradients");

    let refuse = |edges: &str, labels: &str, message: &str| {
        place.file("e.csv", edges);
        place.file("l.csv", labels);
        place.refuse(&["bcd", "propagate", "e.csv", "--labels", "l.csv", "--out", "x"], message);
    };
    refuse("a,b,-1\n", "a,r\n", "`e.csv`, row 1, column 3: `-1` is no weight; it must be a number >= 0");
    refuse("a,a\n", "a,r\n", "`e.csv`, row 1: the edge joins `a` to itself");
    refuse("a,b,1\nc,d,1\n", "x,r\n", "`l.csv`, row 1: there is no node `x` in the graph");
    refuse("a,b,1\nc,d,1\n", "a,r\na,s\n", "`l.csv`, row 2: `a` has a label in row 1");
    refuse(
        "a,b,1\nc,d,1\n",
        "a,r\n",
        "`e.csv`: no label reaches the part of the graph with the node `c`; label a node of it, or leave it out",
    );
    refuse("a\nb\n", "a,r\n", "`e.csv` has 1 columns; an edge is node, node, and perhaps a weight");
}
