//! `orthant colide` and `orthant datasets` as a user runs them.

mod program;

use ndarray::Array2;
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use orthant::colide::{Begin, Bootstrap, Colide, MissingData, Resampling, covariance_with_missing};
use orthant::datasets::sem::{GraphModel, LinearSem, SemModel};
use program::{Place, names};

const FILES: [&str; 6] = ["edges.csv", "fit.json", "graph.dot", "graph.svg", "report.html", "weights.npy"];

/// A random model with 8 variables and its sample as CSV.
fn model() -> (LinearSem, Array2<f64>) {
    let sem = SemModel::new(GraphModel::ErdosRenyi { edges_per_node: 1.0 }).generate(8, 3).unwrap();
    let x = sem.sample(400, 4).unwrap();
    (sem, x)
}

fn csv(x: &Array2<f64>, names: &[String], separator: &str, end: &str) -> String {
    let mut text = if names.is_empty() { String::new() } else { names.join(separator) + end };
    for row in x.rows() {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        text.push_str(&(cells.join(separator) + end));
    }
    text
}

fn letters(d: usize) -> Vec<String> {
    (0..d).map(|j| char::from(b'a' + j as u8).to_string()).collect()
}

fn weights(place: &Place, folder: &str) -> Array2<f64> {
    Array2::<f64>::read_npy(place.bytes(&format!("{folder}/weights.npy")).as_slice()).unwrap()
}

#[test]
fn the_first_command_works() {
    let place = Place::new();
    let out = place.succeed(&["colide", "fit", "--dataset", "sachs", "--out", "x"]);
    assert_eq!(names(&place.path("x")), FILES);
    assert_eq!(place.names(), ["x"], "nothing else is left");
    assert!(out.starts_with("CoLiDE, non-equal variances: sachs, 853 rows, 11 variables\n"), "{out}");
    assert!(out.contains("against the true graph") && out.contains("SHD"), "{out}");

    let fit = place.json("x/fit.json");
    assert_eq!(fit["schema"], "orthant-colide-fit");
    assert_eq!(fit["schema_version"], 1);
    assert_eq!(fit["command"], serde_json::json!(["orthant", "colide", "fit", "--dataset", "sachs"]));
    assert_eq!(fit["variables"].as_array().unwrap().len(), 11);
    assert_eq!(fit["truth"]["true_edges"], 17);
    let edges = fit["edges"].as_array().unwrap();
    assert!(!edges.is_empty());

    // All files tell the same edges.
    let w = weights(&place, "x");
    assert_eq!(w.iter().filter(|&&v| v != 0.0).count(), edges.len());
    let listed = place.text("x/edges.csv");
    assert_eq!(listed.lines().count(), edges.len() + 1);
    assert_eq!(listed.lines().next().unwrap(), "cause,effect,weight,refit_weight,standard_error,p_value,direction");
    assert_eq!(place.text("x/graph.dot").matches(" -> ").count(), edges.len());
    for edge in edges {
        let index = |field: &str| edge[field].as_u64().unwrap() as usize;
        assert_eq!(w[[index("cause"), index("effect")]], edge["weight"].as_f64().unwrap());
    }
    let svg = place.text("x/graph.svg");
    assert_eq!(svg.matches("class=\"h ").count(), edges.len(), "one arrow head for each edge");
    let report = place.text("x/report.html");
    assert!(report.contains("<svg") && report.contains("How to repeat it"));
    for loaded in ["<script", "<link", "<img", "src=", "@import", "url("] {
        assert!(!report.contains(loaded), "the page loads nothing: {loaded}");
    }
}

#[test]
fn the_graph_of_a_known_model_is_found() {
    let (sem, x) = model();
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(8), ",", "\n"));
    let mut truth = String::from("cause,effect\n");
    for ((i, j), &w) in sem.weights.indexed_iter() {
        if w != 0.0 {
            truth.push_str(&format!("{},{}\n", letters(8)[i], letters(8)[j]));
        }
    }
    place.file("truth.csv", &truth);
    let common = ["colide", "fit", "t.csv", "--noise", "ev", "--json", "--truth"];
    let out = place.succeed(&[&common[..], &["truth.csv", "--out", "x"]].concat());
    let fit: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(fit, place.json("x/fit.json"), "--json prints fit.json");
    assert_eq!(fit["truth"]["shd"], 0, "400 rows, 8 variables, equal variances: the graph is found");

    // The same truth as a matrix, as a matrix with names in another order, and by index.
    let adjacency = sem.weights.mapv(|w| f64::from(u8::from(w != 0.0)));
    place.file("matrix.csv", csv(&adjacency, &[], ",", "\n"));
    let reversed: Vec<usize> = (0..8).rev().collect();
    let turned = Array2::from_shape_fn((8, 8), |(i, j)| adjacency[[reversed[i], reversed[j]]]);
    let turned_names: Vec<String> = reversed.iter().map(|&j| letters(8)[j].clone()).collect();
    place.file("turned.csv", csv(&turned, &turned_names, ",", "\n"));
    place.file("bare.csv", truth.split_once('\n').unwrap().1);
    for file in ["matrix.csv", "turned.csv", "bare.csv"] {
        let out = place.succeed(&[&common[..], &[file, "--out", "x", "--force"]].concat());
        let fit: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(fit["truth"]["shd"], 0, "{file}");
    }
}

#[test]
fn every_kind_of_file_gives_the_same_bits() {
    let (_, x) = model();
    let place = Place::new();
    let names = letters(8);
    place.file("plain.csv", csv(&x, &names, ",", "\n"));
    place.file("windows.csv", csv(&x, &names, ";", "\r\n"));
    place.file("table.tsv", csv(&x, &names, "\t", "\n"));
    place.file("mark.csv", format!("\u{feff}{}", csv(&x, &names, ",", "\n")));
    place.file("bare.csv", csv(&x, &[], ",", "\n"));
    place.file("comma.csv", csv(&x, &names, ";", "\n").replace('.', ","));
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    place.file("quoted.csv", csv(&x, &quoted, ",", "\n"));
    let mut c = Vec::new();
    x.write_npy(&mut c).unwrap();
    place.file("c.npy", &c);
    let mut fortran = Vec::new();
    x.t().as_standard_layout().t().write_npy(&mut fortran).unwrap();
    assert_ne!(c, fortran);
    place.file("fortran.npy", &fortran);
    let big: Vec<u8> = {
        let data = c.len() - 8 * x.len();
        let head = String::from_utf8_lossy(&c[10..data]).replace("<f8", ">f8");
        let mut bytes = c[..10].to_vec();
        bytes.extend(head.as_bytes());
        bytes.extend(x.iter().flat_map(|v| v.to_be_bytes()));
        bytes
    };
    place.file("big.npy", big);

    place.succeed(&["colide", "fit", "plain.csv", "--out", "plain"]);
    for file in [
        "windows.csv",
        "table.tsv",
        "mark.csv",
        "bare.csv",
        "comma.csv",
        "quoted.csv",
        "c.npy",
        "fortran.npy",
        "big.npy",
    ] {
        let options: &[&str] = if file == "comma.csv" { &["--decimal-comma"] } else { &[] };
        let out = file.replace('.', "-");
        place.succeed(&[&["colide", "fit", file, "--out", &out], options].concat());
        assert_eq!(place.bytes(&format!("{out}/weights.npy")), place.bytes("plain/weights.npy"), "{file}");
    }
    let mut stdin = place.command(&["colide", "fit", "-", "--out", "piped"]);
    let file = std::fs::File::open(place.path("plain.csv")).unwrap();
    assert!(stdin.stdin(file).output().unwrap().status.success());
    assert_eq!(place.bytes("piped/weights.npy"), place.bytes("plain/weights.npy"));
}

#[test]
fn a_covariance_gives_the_same_graph() {
    let (_, x) = model();
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(8), ",", "\n"));
    let c = orthant::colide::covariance(&x).unwrap();
    place.file("c.csv", csv(&c.matrix, &letters(8), ",", "\n"));
    place.succeed(&["colide", "fit", "t.csv", "--out", "rows"]);
    place.succeed(&["colide", "fit", "c.csv", "--covariance", "--samples", "400", "--out", "covariance"]);
    assert_eq!(place.bytes("rows/weights.npy"), place.bytes("covariance/weights.npy"));
    place.succeed(&["colide", "fit", "t.csv", "--columns", "c,b,4", "--out", "some"]);
    place.succeed(&[
        "colide",
        "fit",
        "c.csv",
        "--covariance",
        "--samples",
        "400",
        "--columns",
        "c,b,4",
        "--out",
        "some2",
    ]);
    assert_eq!(weights(&place, "some").dim(), (3, 3));
    let difference = &weights(&place, "some") - &weights(&place, "some2");
    // The same numbers summed in another block: a few rounding errors of the covariance, amplified by its condition.
    assert!(difference.iter().all(|v| v.abs() < 1e-9));
}

#[test]
fn the_same_command_gives_the_same_bytes_for_any_number_of_threads() {
    let (_, x) = model();
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(8), ",", "\n"));
    for (out, threads) in [("one", "1"), ("again", "1"), ("two", "2"), ("four", "4")] {
        place.succeed(&["colide", "fit", "t.csv", "--starts", "path,slow,order", "--out", out, "--threads", threads]);
    }
    for file in FILES {
        let one = place.bytes(&format!("one/{file}"));
        for other in ["again", "two", "four"] {
            assert_eq!(place.bytes(&format!("{other}/{file}")), one, "{other}/{file}");
        }
    }
}

#[test]
fn missing_values_groups_and_transforms() {
    let place = Place::new();
    place.file("holes.csv", "a,b,c\n1,2,1\nNA,1,1\n3,5,2\n4,nan,3\n4,4,7\n5,1,1\n,1,2\n");
    let out = place.succeed(&["colide", "fit", "holes.csv", "--drop-missing", "--out", "holes", "--json"]);
    let fit: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&fit["data"]["samples"], &fit["data"]["dropped_rows"]), (&4.0.into(), &3.into()));

    // Within groups: the mean of a group does not matter.
    let (_, x) = model();
    let mut shifted = String::from("batch,a,b,c,d,e,f,g,h\n");
    let mut centred = String::from("batch,a,b,c,d,e,f,g,h\n");
    for (i, row) in x.rows().into_iter().enumerate() {
        let batch = ["red", "blue"][i % 2];
        let line = |by: f64| row.iter().map(|v| (v + by).to_string()).collect::<Vec<_>>().join(",");
        shifted.push_str(&format!("{batch},{}\n", line(if i % 2 == 0 { 64.0 } else { 0.0 })));
        centred.push_str(&format!("{batch},{}\n", line(0.0)));
    }
    place.file("shifted.csv", shifted);
    place.file("centred.csv", centred);
    for name in ["shifted", "centred"] {
        place.succeed(&["colide", "fit", &format!("{name}.csv"), "--group-by", "batch", "--out", name]);
    }
    let difference = &weights(&place, "shifted") - &weights(&place, "centred");
    assert!(difference.iter().all(|v| v.abs() < 1e-9));
    let out = place.succeed(&["colide", "fit", "shifted.csv", "--group-by", "0", "--groups", "red", "--out", "red"]);
    assert!(out.starts_with("CoLiDE, non-equal variances: shifted.csv, 200 rows, 8 variables, 1 groups"), "{out}");

    let out =
        place.succeed(&["colide", "fit", "--dataset", "sachs", "--log", "--standardise", "--out", "log", "--json"]);
    let fit: serde_json::Value = serde_json::from_str(&out).unwrap();
    let raf = &fit["variables"][0];
    assert_eq!((&raf["sd"], &raf["mean"]), (&1.0.into(), &0.0.into()));
    assert!(raf["before_standardising"][0].as_f64().unwrap() > 3.0, "{raf}");
    assert!(fit["warnings"].to_string().contains("All columns have the same variance"));
}

#[test]
fn knowledge_is_obeyed() {
    let place = Place::new();
    place.file("k.json", r#"{"require": [["Plcg", "Akt"]], "roots": [8], "tiers": [["Raf"], ["Mek", "Erk"]]}"#);
    place.succeed(&[
        "colide",
        "fit",
        "--dataset",
        "sachs",
        "--knowledge",
        "k.json",
        "--forbid",
        "Erk->Akt",
        "--forbid",
        "5→7",
        "--leaf",
        "Jnk",
        "--sign",
        "Raf->Mek:-",
        "--out",
        "x",
    ]);
    let w = weights(&place, "x");
    assert_ne!(w[[2, 6]], 0.0);
    assert_eq!((w[[5, 6]], w[[5, 7]], w[[1, 0]], w[[5, 0]]), (0.0, 0.0, 0.0, 0.0));
    assert!(w.column(8).iter().all(|&v| v == 0.0) && w.row(10).iter().all(|&v| v == 0.0));
    assert!(w[[0, 1]] <= 0.0);
}

#[test]
fn every_option_of_the_method_is_accepted() {
    let (_, x) = model();
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(8), ",", "\n"));
    place.file("p.csv", csv(&Array2::from_elem((8, 8), 2.0), &[], ",", "\n"));
    let mut zero = Vec::new();
    Array2::<f64>::zeros((8, 8)).write_npy(&mut zero).unwrap();
    place.file("w.npy", zero);
    for options in [
        "--equal-variance --sparsity 0.2 --threshold 0.1",
        "--solver adam --learning-rate 1e-3 --warm-iterations 200 --final-iterations 300 --tolerance 1e-4",
        "--starts path,path-free,slow,slow-free,order --finish polish",
        "--finish threshold --schedule log:6 --max-steps 50 --tolerance 1e-6",
        "--finish search --mu 1,0.1,0.01 --s 1,0.9",
        "--floor paper --units min-sd",
        "--floor relative:0.1",
        "--floor absolute:0.5",
        "--known-scales 1,1,1,1,1,1,1,1",
        "--penalty-weights p.csv --initial-weights w.npy",
        "--header yes --separator , --memory 1 --draw 3 --quiet",
    ] {
        let mut arguments = vec!["colide", "fit", "t.csv", "--out", "x", "--force"];
        arguments.extend(options.split(' '));
        place.succeed(&arguments);
        assert_eq!(names(&place.path("x")), FILES, "{options}");
    }
}

#[test]
fn force_replaces_only_its_own_files() {
    let place = Place::new();
    place.succeed(&["colide", "fit", "--dataset", "sachs", "--out", "x"]);
    place.file("x/notes.txt", "mine");
    place.file("x/edges.csv", "old");
    let before = place.bytes("x/fit.json");
    place.succeed(&["colide", "fit", "--dataset", "sachs", "--out", "x", "--force", "--quiet"]);
    assert_eq!(place.text("x/notes.txt"), "mine");
    assert!(place.text("x/edges.csv").starts_with("cause,effect"));
    assert_eq!(place.bytes("x/fit.json"), before);
    assert_eq!(place.names(), ["x"]);
}

#[test]
fn a_trace_has_a_row_for_each_step() {
    let place = Place::new();
    let out = place.succeed(&["colide", "fit", "--dataset", "sachs", "--out", "x", "--trace", "t.csv", "--json"]);
    let fit: serde_json::Value = serde_json::from_str(&out).unwrap();
    let stages = |candidate: &serde_json::Value| candidate["stages"].as_array().unwrap().clone();
    let steps: u64 = fit["diagnostics"]["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(stages)
        .map(|stage| stage["steps"].as_u64().unwrap())
        .sum();
    let trace = place.text("t.csv");
    assert_eq!(trace.lines().next().unwrap(), "start,stage,iteration,mu,s,objective,h,step,column_violation");
    assert!(trace.lines().count() as u64 > steps / 2 && steps > 0, "{steps}");
}

#[test]
fn causal_questions_are_answered() {
    // b = 2 a + noise, c = 3 b + noise, by construction.
    let (n, d) = (500, 3);
    let noise =
        SemModel::new(GraphModel::ErdosRenyi { edges_per_node: 0.0 }).generate(d, 1).unwrap().sample(n, 2).unwrap();
    let mut x = noise;
    for mut row in x.rows_mut() {
        row[1] += 2.0 * row[0];
        row[2] += 3.0 * row[1];
    }
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(3), ",", "\n"));
    place.succeed(&["colide", "fit", "t.csv", "--noise", "ev", "--out", "x", "--quiet"]);
    let ask = |arguments: &[&str]| -> serde_json::Value {
        let out = place.succeed(&[&["colide", "query", "x/fit.json", "--json"], arguments].concat());
        serde_json::from_str(&out).unwrap()
    };
    // Least squares on 500 rows with noise of variance 1: a standard error of about 0.05 for b, of 0.05 · 3 for a on c.
    let near = |value: &serde_json::Value, expected: f64, by: f64| {
        let found = value.as_f64().unwrap();
        assert!((found - expected).abs() < by, "{found} is not near {expected}");
    };
    let effects = ask(&["--effects"]);
    let largest = &effects["effects"][0];
    assert_eq!((&largest["cause"], &largest["effect"]), (&"a".into(), &"c".into()));
    near(&largest["total"], 6.0, 0.6);
    assert_eq!(largest["direct"], 0.0);

    let under = ask(&["--do", "b=10"]);
    let rows = under["intervention"].as_array().unwrap();
    assert_eq!((&rows[1]["mean"], &rows[1]["sd"], &rows[1]["set"]), (&10.0.into(), &0.0.into(), &true.into()));
    assert_eq!(rows[0]["change"], 0.0);
    near(&rows[2]["sd"], 1.0, 0.15);
    near(&rows[2]["mean"], 30.0, 1.0);

    let other = ask(&["--counterfactual", "a=1,b=2,c=7", "--do", "b=3"]);
    near(&other["counterfactual"][2]["would_have_been"], 10.0, 0.3);
    assert_eq!(other["counterfactual"][0]["change"], 0.0);

    place.file("row.csv", "c,b,a\n6,12,1\n");
    let scores = ask(&["--root-cause", "row.csv"]);
    assert_eq!(scores["root_cause"][0]["variable"], "c", "36 was expected");
    near(&scores["root_cause"][0]["score"], -30.0, 3.0);

    let sets = ask(&["--adjust", "b->c", "--adjust", "c->a"]);
    assert_eq!(sets["adjustment"][0]["adjust_for"], serde_json::json!([]));
    assert_eq!(sets["adjustment"][1]["adjust_for"], serde_json::Value::Null);
    let text = place.succeed(&["colide", "query", "x", "--effects", "--do", "a=1", "--adjust", "c->a"]);
    assert!(text.contains("Under do(a = 1)") && text.contains("c has no effect on a"), "{text}");
}

#[test]
fn bundled_data_are_listed_and_written() {
    let place = Place::new();
    let list = place.succeed(&["datasets"]);
    assert!(list.contains("sachs") && list.contains("7466") && list.contains("digits"), "{list}");
    assert_eq!(list, place.succeed(&["datasets", "list"]));
    place.succeed(&["datasets", "export", "sachs", "--out", "sachs.csv"]);
    assert!(place.run(&["datasets", "export", "sachs", "--out", "sachs.csv"]).code == 2);
    place.succeed(&["colide", "fit", "--dataset", "sachs", "--out", "bundled"]);
    place.succeed(&["colide", "fit", "sachs.csv", "--group-by", "condition", "--groups", "1", "--out", "exported"]);
    let difference = &weights(&place, "bundled") - &weights(&place, "exported");
    assert!(difference.iter().all(|v| v.abs() < 1e-9));
    let out = place.succeed(&["datasets", "export", "diabetes"]);
    assert_eq!(out.lines().next().unwrap(), "age,sex,bmi,bp,s1,s2,s3,s4,s5,s6,progression");
    place.succeed(&["colide", "fit", "--dataset", "diabetes", "--out", "diabetes", "--quiet"]);
    place.succeed(&["colide", "fit", "--dataset", "sachs", "--conditions", "1,2", "--out", "both", "--quiet"]);
    assert_eq!(place.json("both/fit.json")["data"]["samples"], 1755.0);
}

#[test]
fn the_bootstrap_says_how_sure_edges_are() {
    let (_, x) = model();
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(8), ",", "\n"));
    let run = |out: &str, seed: &str, threads: &str| {
        place.succeed(&[
            "colide",
            "fit",
            "t.csv",
            "--bootstrap",
            "20",
            "--seed",
            seed,
            "--confidence",
            "0.9",
            "--threads",
            threads,
            "--out",
            out,
        ])
    };
    let out = run("one", "7", "1");
    assert!(
        out.contains("found in") && out.contains("90 % interval") && out.contains("20 replicates, seed 7"),
        "{out}"
    );
    run("two", "7", "2");
    run("other", "8", "1");
    for file in FILES {
        assert_eq!(place.bytes(&format!("one/{file}")), place.bytes(&format!("two/{file}")), "{file}");
    }
    assert_ne!(place.bytes("one/fit.json"), place.bytes("other/fit.json"));
    let fit = place.json("one/fit.json");
    let frequencies: Vec<f64> =
        fit["edges"].as_array().unwrap().iter().map(|edge| edge["frequency"].as_f64().unwrap()).collect();
    // Weights of at least 0.5 with 400 rows: a draw hardly ever loses the edge between the two, so that of the edges
    // over the threshold most come back in most draws.
    assert!(frequencies.iter().filter(|&&frequency| frequency >= 0.5).count() * 2 > frequencies.len());
    assert!(frequencies.iter().all(|f| (0.0..=1.0).contains(f)));
    for edge in fit["edges"].as_array().unwrap() {
        assert!(edge["interval"][0].as_f64().unwrap() <= edge["interval"][1].as_f64().unwrap());
    }
    let first = place.text("one/edges.csv").lines().next().unwrap().to_owned();
    assert!(first.ends_with(",direction,frequency,lower,upper"), "{first}");
    let report = place.text("one/report.html");
    assert!(report.contains("How sure the edges are") && report.contains("Consensus: "));
    // More than half of the draws, no cycle: all of the graph's edges with such a share.
    let consensus = fit["bootstrap"]["consensus"].as_array().unwrap();
    let sure = fit["edges"].as_array().unwrap().iter().filter(|edge| edge["frequency"].as_f64().unwrap() > 0.5);
    let sure: Vec<_> = sure.map(|edge| serde_json::json!([edge["cause"], edge["effect"]])).collect();
    assert!(!sure.is_empty() && sure.iter().all(|pair| consensus.contains(pair)));
    assert!(out.contains("consensus of the replicates"), "{out}");
    let effects = place.succeed(&["colide", "query", "one", "--effects"]);
    assert!(effects.contains("a path in"), "{effects}");
    // Without it the page says nothing of it, and the graph is the same.
    place.succeed(&["colide", "fit", "t.csv", "--out", "plain"]);
    assert_eq!(place.bytes("plain/weights.npy"), place.bytes("one/weights.npy"));
    assert!(!place.text("plain/report.html").contains("How sure the edges are"));
}

#[test]
fn subsamples_bound_the_number_of_false_edges() {
    let (_, x) = model();
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(8), ",", "\n"));
    let run = |resampling: &str, begin: &str| -> serde_json::Value {
        let options = ["--bootstrap", "16", "--resampling", resampling, "--bootstrap-begin", begin];
        let common = ["colide", "fit", "t.csv", "--noise", "ev", "--out", "x", "--force", "--json"];
        serde_json::from_str(&place.succeed(&[&common[..], &options].concat())).unwrap()
    };
    let half = run("half", "fit");
    let found = &half["bootstrap"];
    assert_eq!((&found["resampling"], &found["begin"]), (&"half".into(), &"fit".into()));
    // q² / ((2 π − 1) d (d − 1)), Meinshausen and Bühlmann.
    let q = found["mean_edges"].as_f64().unwrap();
    let bounds = found["expected_false_edges"].as_array().unwrap();
    assert_eq!(bounds.len(), 4);
    for bound in bounds {
        let expected = q * q / ((2.0 * bound["frequency"].as_f64().unwrap() - 1.0) * 56.0);
        assert!((bound["at_most"].as_f64().unwrap() - expected).abs() < 1e-12 * expected);
    }
    // Equal variances, 200 rows in each half, weights of at least 0.5: every edge of the graph is in most halves.
    let edges = half["edges"].as_array().unwrap();
    let consensus = found["consensus"].as_array().unwrap();
    for edge in edges {
        assert!(consensus.contains(&serde_json::json!([edge["cause"], edge["effect"]])), "{edge}");
    }
    let report = place.text("x/report.html");
    assert!(report.contains("half of the rows, without replacement") && report.contains("expected false edges"));
    assert!(report.contains("began at the fit of all rows"));

    let third = run("0.3", "cold");
    assert_eq!((&third["bootstrap"]["resampling"], &third["bootstrap"]["begin"]), (&"0.3".into(), &"cold".into()));
    assert!(place.text("x/report.html").contains("Here another share was drawn"));
    assert!(place.text("x/report.html").contains("each fit began from nothing"));
    let all = run("bootstrap", "cold");
    assert_eq!(all["bootstrap"]["expected_false_edges"], serde_json::json!([]));
    assert!(!place.text("x/report.html").contains("expected false edges"));
    assert!(!all["bootstrap"]["consensus"].as_array().unwrap().is_empty());
}

#[test]
fn the_options_of_the_bootstrap_are_the_librarys() {
    let sachs = orthant::datasets::sachs();
    let x = sachs.observational();
    let config = Colide::heteroscedastic();
    let place = Place::new();
    let cases = [
        ("bootstrap", "fit", Resampling::WithReplacement, Begin::FullFit),
        ("bootstrap", "cold", Resampling::WithReplacement, Begin::Cold),
        ("half", "fit", Resampling::Subsample(0.5), Begin::FullFit),
        ("0.3", "cold", Resampling::Subsample(0.3), Begin::Cold),
    ];
    let mut seen = Vec::new();
    for (how, begin, resampling, from) in cases {
        let library = Bootstrap::new(20).seed(5).resampling(resampling).begin(from).run(&config, &x).unwrap();
        let options = ["--bootstrap", "20", "--seed", "5", "--resampling", how, "--bootstrap-begin", begin];
        let common = ["colide", "fit", "--dataset", "sachs", "--out", "x", "--force", "--quiet"];
        place.succeed(&[&common[..], &options].concat());
        let fit = place.json("x/fit.json");
        assert_eq!(fit["bootstrap"]["mean_edges"], library.mean_edges, "{how} {begin}");
        for edge in fit["edges"].as_array().unwrap() {
            let at = [edge["cause"].as_u64().unwrap() as usize, edge["effect"].as_u64().unwrap() as usize];
            assert_eq!(edge["frequency"], library.edge_frequency[at], "{how} {begin}");
            assert_eq!(edge["interval"], serde_json::json!([library.weight_lower[at], library.weight_upper[at]]));
        }
        assert!(!seen.contains(&library.edge_frequency), "{how} {begin}: the cases must differ to tell anything");
        seen.push(library.edge_frequency);
    }
}

#[test]
fn the_penalty_is_chosen_by_the_criterion() {
    let (_, x) = model();
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(8), ",", "\n"));
    let lowest = |list: &[serde_json::Value], field: &str| {
        let value = |entry: &serde_json::Value| entry[field].as_f64().unwrap();
        list.iter().min_by(|a, b| value(a).total_cmp(&value(b))).unwrap()["sparsity"].clone()
    };
    for (path, tried) in [("0.01,0.1,1", 3), ("auto", 12)] {
        for choose in ["bic", "ebic:0.5"] {
            let common = ["colide", "fit", "t.csv", "--finish", "polish", "--out", "x", "--force", "--json"];
            let out = place.succeed(&[&common[..], &["--sparsity-path", path, "--choose", choose]].concat());
            let fit: serde_json::Value = serde_json::from_str(&out).unwrap();
            let list = fit["diagnostics"]["sparsity_path"].as_array().unwrap();
            assert_eq!(list.len(), tried);
            assert_eq!(fit["settings"]["choose"], choose);
            assert_eq!(fit["settings"]["sparsity"], lowest(list, "criterion"));
            for entry in list {
                // BIC + 4 γ edges log d, Foygel and Drton.
                let gamma = if choose == "bic" { 0.0 } else { 0.5 };
                let number = |field: &str| entry[field].as_f64().unwrap();
                let expected = number("bic") + 4.0 * gamma * number("edges") * 8.0_f64.ln();
                assert!((number("criterion") - expected).abs() < 1e-12 * expected.abs());
            }
        }
    }
    let report = place.text("x/report.html");
    assert!(report.contains("<th class=\"r\">ebic:0.5</th>"));
    // The last path has γ = 0.5; without --choose it is the BIC.
    place.succeed(&["colide", "fit", "t.csv", "--sparsity-path", "auto", "--out", "y", "--quiet"]);
    assert_eq!(place.json("y/fit.json")["settings"]["choose"], "bic");
    assert!(!place.text("y/report.html").contains("ebic"));
}

#[test]
fn holes_are_filled_by_what_is_there() {
    let (_, x) = model();
    let place = Place::new();
    let complete = csv(&x, &letters(8), ",", "\n");
    place.file("t.csv", &complete);
    // Every thirteenth entry is missing: by the place in the table, so completely at random.
    let mut text = letters(8).join(",") + "\n";
    for (i, row) in x.rows().into_iter().enumerate() {
        let cell = |(j, v): (usize, &f64)| if (8 * i + j) % 13 == 0 { "NA".to_owned() } else { v.to_string() };
        text.push_str(&(row.iter().enumerate().map(cell).collect::<Vec<_>>().join(",") + "\n"));
    }
    place.file("holes.csv", &text);
    let mut bytes = Vec::new();
    let holes = Array2::from_shape_fn(x.dim(), |(i, j)| if (8 * i + j) % 13 == 0 { f64::NAN } else { x[[i, j]] });
    holes.write_npy(&mut bytes).unwrap();
    place.file("holes.npy", bytes);
    let run = |file: &str, how: &str, out: &str| {
        place.succeed(&["colide", "fit", file, "--noise", "ev", "--missing", how, "--out", out])
    };
    run("t.csv", "em", "complete");
    place.succeed(&["colide", "fit", "t.csv", "--noise", "ev", "--out", "plain"]);
    assert_eq!(place.bytes("complete/weights.npy"), place.bytes("plain/weights.npy"), "nothing is missing");
    let whole = weights(&place, "plain");
    for (how, method) in [("em", MissingData::default()), ("pairwise", MissingData::Pairwise)] {
        let out = run("holes.csv", how, how);
        assert!(out.contains(&format!("400 rows, 8 variables, 8 % of the entries missing ({how})")), "{out}");
        assert!(out.contains("are too optimistic"), "{out}");
        let fit = place.json(&format!("{how}/fit.json"));
        assert_eq!(fit["data"]["missing"]["method"], how);
        // 247 of 3200 entries.
        assert_eq!(fit["data"]["missing"]["share"], 247.0 / 3200.0);
        assert_eq!(fit["data"]["missing"]["iterations"].as_u64().unwrap() > 0, how == "em");
        assert_eq!(fit["variables"][0]["residuals"], serde_json::Value::Null, "the rows are not complete");
        let library = covariance_with_missing(&holes, method).unwrap().covariance;
        assert_eq!(weights(&place, how), Colide::homoscedastic().fit_covariance(&library).unwrap().weights, "{how}");
        run("holes.npy", how, "npy");
        assert_eq!(place.bytes("npy/weights.npy"), place.bytes(&format!("{how}/weights.npy")));
        std::fs::remove_dir_all(place.path("npy")).unwrap();
    }
    // Maximum likelihood loses about one thirteenth of the rows to each weight, whose standard error is about 1 / √400 =
    // 0.05. The pairwise covariance has no such bound: its weak false edges, which the threshold drops, pull at others.
    let difference = &weights(&place, "em") - &whole;
    assert!(difference.iter().all(|v| v.abs() < 0.1), "{difference}");
    run("holes.csv", "drop", "drop");
    place.succeed(&["colide", "fit", "holes.csv", "--noise", "ev", "--drop-missing", "--out", "alias"]);
    assert_eq!(place.bytes("drop/weights.npy"), place.bytes("alias/weights.npy"));
    // A row of 8 entries lies clear of every multiple of 13 in 5 of 13 cases: 153 of 400 rows.
    assert_eq!(place.json("drop/fit.json")["data"]["samples"], 153.0);
    assert_eq!(place.json("drop/fit.json")["data"]["missing"], serde_json::Value::Null);
}

#[test]
fn a_series_has_instantaneous_and_lagged_effects() {
    // b = 0.8 a(t − 1) + noise and c = 0.9 b(t) + noise: one edge from the past, one within the row.
    let noise =
        SemModel::new(GraphModel::ErdosRenyi { edges_per_node: 0.0 }).generate(3, 1).unwrap().sample(600, 6).unwrap();
    let mut x = noise;
    for t in 0..600 {
        if t > 0 {
            x[[t, 1]] += 0.8 * x[[t - 1, 0]];
        }
        x[[t, 2]] += 0.9 * x[[t, 1]];
    }
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(3), ",", "\n"));
    let common = ["colide", "fit", "t.csv", "--noise", "ev", "--force", "--out", "x"];
    let out = place.succeed(&[&common[..], &["--lags", "2"]].concat());
    assert!(out.contains("t.csv, 598 rows, 3 variables and 6 of the past (2 lags)"), "{out}");
    let fit = place.json("x/fit.json");
    assert_eq!((&fit["data"]["lags"], &fit["data"]["samples"]), (&2.into(), &598.0.into()));
    let names: Vec<&str> = fit["variables"].as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b", "c", "a[t-1]", "b[t-1]", "c[t-1]", "a[t-2]", "b[t-2]", "c[t-2]"]);
    assert_eq!((&fit["variables"][2]["lag"], &fit["variables"][8]["lag"]), (&0.into(), &2.into()));
    let w = weights(&place, "x");
    assert_eq!(w.dim(), (9, 9));
    // Least squares on 598 rows with noise of variance 1: a standard error of 0.04, and λ = 0.05 pulls by about as much.
    assert!((w[[3, 1]] - 0.8).abs() < 0.2 && (w[[1, 2]] - 0.9).abs() < 0.2, "{w}");
    assert_eq!(w.iter().filter(|&&v| v != 0.0).count(), 2);
    let edges = place.text("x/edges.csv");
    let from_the_past = edges.lines().find(|line| line.starts_with("a[t-1],b,")).unwrap();
    assert!(from_the_past.ends_with(",compelled"), "time compels it: {from_the_past}");
    // The past is drawn above, and only where edges touch it.
    let svg = place.text("x/graph.svg");
    let height = |name: &str| -> f64 {
        let node = svg.split("<g class=\"n\">").find(|node| node.contains(&format!("<title>{name}</title>"))).unwrap();
        node.split(" y=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    assert!(height("a[t-1]") < height("b") && height("b") < height("c"));
    assert!(!svg.contains("c[t-2]") && svg.contains("On top: the past"));
    let dot = place.text("x/graph.dot");
    assert!(dot.contains("{ rank=source; \"a[t-1]\"; }") && dot.matches(" -> ").count() == 2, "{dot}");
    let report = place.text("x/report.html");
    assert!(report.contains("of them from the past") && report.contains("X[t-1] is X one row before"));
    assert!(report.contains("<td>b</td>") && !report.contains("<td>b[t-2]</td>"));

    // The rows that residuals are taken of are joined with their own past.
    let joined = Array2::from_shape_fn((598, 9), |(t, j)| x[[t + 2 - j / 3, j % 3]]);
    let library = Colide::homoscedastic().fit_time_series(&x, 2).unwrap().fit;
    let residuals = library.residual_diagnostics(&joined).unwrap();
    for j in 0..3 {
        // The program reads numbers that were written to the last bit, and counts the same rows.
        let found = fit["variables"][j]["residuals"]["excess_kurtosis"].as_f64().unwrap();
        assert!((found - residuals.excess_kurtosis[j]).abs() < 1e-9, "{j}: {found}");
    }

    // Knowledge speaks of the past by its names, λ can be chosen, units can be changed.
    place.succeed(&[&common[..], &["--lags", "1", "--forbid", "a[t-1]->b", "--standardise"]].concat());
    assert_eq!(weights(&place, "x")[[3, 1]], 0.0);
    let out = place.succeed(&[&common[..], &["--lags", "1", "--sparsity-path", "auto"]].concat());
    assert!(out.contains("of 12 tried, by bic"), "{out}");
    let answer = place.succeed(&["colide", "query", "x", "--do", "a[t-1]=1"]);
    assert!(answer.contains("standard deviations are not"), "{answer}");
}

#[test]
fn residuals_are_looked_at() {
    // b depends on a, with noise that grows with a; c is a coin of ±1, with a kurtosis of −2.
    let noise =
        SemModel::new(GraphModel::ErdosRenyi { edges_per_node: 0.0 }).generate(2, 1).unwrap().sample(800, 7).unwrap();
    let x = Array2::from_shape_fn((800, 3), |(i, j)| match j {
        0 => noise[[i, 0]],
        1 => 2.0 * noise[[i, 0]] + noise[[i, 0]] * noise[[i, 1]],
        _ => {
            if i % 2 == 0 {
                1.0
            } else {
                -1.0
            }
        }
    });
    let place = Place::new();
    place.file("t.csv", csv(&x, &letters(3), ",", "\n"));
    let common = ["colide", "fit", "t.csv", "--forbid", "b->a", "--force", "--out", "x"];
    place.succeed(&common);
    let fit = place.json("x/fit.json");
    let of = |j: usize, field: &str| fit["variables"][j]["residuals"][field].as_f64().unwrap();
    assert!(of(0, "normality_p") > 0.001 && of(0, "squared_correlation") == 0.0);
    assert!(of(1, "squared_correlation") > 0.2, "the noise of b depends on a");
    assert!((of(2, "excess_kurtosis") + 2.0).abs() < 0.05 && of(2, "normality_p") < 1e-6);
    let report = place.text("x/report.html");
    assert!(report.contains("The size of the residual depends on a cause for b:"));
    assert!(report.contains("clearly not Gaussian (p below 0.01): b, c."));
    // Without rows there are no residuals.
    let c = orthant::colide::covariance(&x).unwrap();
    place.file("c.csv", csv(&c.matrix, &letters(3), ",", "\n"));
    place.succeed(&["colide", "fit", "c.csv", "--covariance", "--samples", "800", "--out", "y"]);
    assert_eq!(place.json("y/fit.json")["variables"][1]["residuals"], serde_json::Value::Null);
    assert!(!place.text("y/report.html").contains("Do the residuals look"));
    // Rows beyond the memory are streamed, with the same graph.
    place.succeed(&[&common[..], &["--memory", "0.00002"]].concat());
    assert_eq!(place.json("x/fit.json")["variables"][1]["residuals"], serde_json::Value::Null);
    assert_eq!(place.json("x/fit.json")["edges"], fit["edges"]);
}

#[test]
fn help_tells_the_exit_codes() {
    let place = Place::new();
    for arguments in [&["--help"][..], &["colide", "fit", "--help"], &["colide", "query", "--help"]] {
        let help = place.succeed(arguments);
        assert!(help.contains("Exit codes: 0 success, 1 results could not be written"), "{help}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure_and_a_closed_pipe_is_none() {
    let place = Place::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = place.command(&["datasets"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("error: cannot write to the standard output: "), "{message}");

    let mut child =
        place.command(&["datasets", "export", "digits"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn interventions_by_group_are_taken_into_account() {
    // a causes b in the observational rows; in the others b is set from outside with a large variance, which would
    // otherwise hide the edge.
    let noise =
        SemModel::new(GraphModel::ErdosRenyi { edges_per_node: 0.0 }).generate(2, 1).unwrap().sample(600, 5).unwrap();
    let mut text = String::from("experiment,a,b\n");
    for (i, row) in noise.rows().into_iter().enumerate() {
        let set = i >= 200;
        let b = if set { 20.0 * row[1] } else { 2.0 * row[0] + row[1] };
        text.push_str(&format!("{},{},{b}\n", if set { "set" } else { "free" }, row[0]));
    }
    let place = Place::new();
    place.file("t.csv", text);
    let common = ["colide", "fit", "t.csv", "--group-by", "experiment", "--forbid", "b->a", "--out", "x", "--force"];
    place.succeed(&[&common[..], &["--intervened", "set:b"]].concat());
    let fit = place.json("x/fit.json");
    assert!(fit["variables"][1]["residuals"].is_object(), "of the rows without intervention");
    // 200 rows with noise of variance 1: a standard error of 0.07.
    assert!((place.json("x/fit.json")["edges"][0]["weight"].as_f64().unwrap() - 2.0).abs() < 0.35);
    // The steps are seen here too.
    place.succeed(&[&common[..], &["--intervened", "set:b", "--trace", "steps.csv"]].concat());
    assert!(place.text("steps.csv").lines().count() > 4);
    place.succeed(&[&common[..], &["--intervened", "set:b", "--sparsity-path", "0.01,0.1"]].concat());
    assert_eq!(place.json("x/fit.json")["diagnostics"]["sparsity_path"].as_array().unwrap().len(), 2);
    let run = place.run(&[&common[..], &["--intervened", "set:b,a", "--intervened", "free:b"]].concat());
    assert_eq!((run.code, run.err.starts_with("error: `b` is a target in all but 0 rows;")), (2, true), "{}", run.err);
    place.succeed(&common);
    let all = place.json("x/fit.json");
    assert!(all["edges"].as_array().unwrap().iter().all(|edge| (edge["weight"].as_f64().unwrap() - 2.0).abs() > 0.35));
    place.refuse(&[&common[..], &["--intervened", "b"]].concat(), "--intervened `b`: write GROUP:A,B");
    place.refuse(&[&common[..], &["--intervened", "no:b"]].concat(), "--intervened `no:b`: there is no group `no`");

    place.succeed(&["colide", "fit", "--dataset", "sachs", "--exogenous", "PKC", "--non-negative", "--out", "y"]);
    let w = weights(&place, "y");
    assert!(w.iter().all(|&v| v >= 0.0) && w.column(8).iter().all(|&v| v == 0.0));
}

#[test]
fn the_bootstrap_centres_groups_too() {
    let (_, x) = model();
    let place = Place::new();
    let table = |by: f64| {
        let mut text = String::from("batch,a,b,c,d,e,f,g,h\n");
        for (i, row) in x.rows().into_iter().enumerate() {
            let moved: Vec<String> = row.iter().map(|v| (v + by * (i % 2) as f64).to_string()).collect();
            text.push_str(&format!("{},{}\n", i % 2, moved.join(",")));
        }
        text
    };
    let frequencies = |by: f64| -> Vec<f64> {
        place.file("t.csv", table(by));
        let out = place.succeed(&[
            "colide",
            "fit",
            "t.csv",
            "--group-by",
            "batch",
            "--bootstrap",
            "10",
            "--out",
            "x",
            "--force",
            "--json",
        ]);
        let fit: serde_json::Value = serde_json::from_str(&out).unwrap();
        fit["edges"].as_array().unwrap().iter().map(|edge| edge["frequency"].as_f64().unwrap()).collect()
    };
    // Groups are centred before the draws. 64 is a power of two far above the data: only rounding differs, and no edge hangs by that.
    assert_eq!(frequencies(0.0), frequencies(64.0));
    assert!(place.text("x/report.html").contains("Groups were centred once, before the draws."));
}
