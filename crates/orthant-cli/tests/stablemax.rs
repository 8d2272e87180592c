//! `orthant stablemax`.

mod program;

use ndarray::{Array1, array};
use ndarray_npy::WriteNpyExt;
use program::Place;

const LOGITS: &str = "a,b,c\n40,0,1\n0.5,2,-1\n3,1,1\n";

fn place() -> Place {
    let place = Place::new();
    place.file("z.csv", LOGITS);
    place.file("y.csv", "label\n0\n2\n0\n");
    place
}

#[test]
fn diagnose_says_what_is_collapsed() {
    let place = place();
    let text = place.succeed(&["stablemax", "diagnose", "z.csv", "--labels", "y.csv"]);
    assert!(text.starts_with("Softmax cross-entropy on 3 rows of 3 classes, 66.7 % right\n"), "{text}");
    for float in ["bf16", "f16", "f32", "f64"] {
        assert!(text.lines().any(|line| line.trim_start().starts_with(float) && line.contains("33.3 %")), "{text}");
    }
    let arguments = ["stablemax", "diagnose", "z.csv", "--labels", "y.csv", "--floats", "f32,f64"];
    let json = place.succeed(&[&arguments[..], &["--json"]].concat());
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["schema"], "orthant-stablemax-collapse");
    assert_eq!(document["reports"].as_array().unwrap().len(), 2);
    assert_eq!(document["reports"][0]["float"], "f32");
    assert!((document["reports"][0]["collapsed"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-12);
    let csv = place.succeed(&[&arguments[..], &["--csv"]].concat());
    assert!(csv.starts_with("float,rows,accuracy,collapsed,") && csv.lines().count() == 3, "{csv}");
}

#[test]
fn diagnose_reads_npy_with_masks() {
    let place = Place::new();
    let mut z = Vec::new();
    array![[40.0, f64::NEG_INFINITY, 1.0], [0.5, 2.0, -1.0]].write_npy(&mut z).unwrap();
    place.file("z.npy", &z);
    let mut y = Vec::new();
    Array1::from(vec![0_i64, 2]).write_npy(&mut y).unwrap();
    place.file("y.npy", &y);
    let text = place.succeed(&["stablemax", "diagnose", "z.npy", "--labels", "y.npy"]);
    assert!(text.contains("2 rows of 3 classes"), "{text}");
    let mut masked = Vec::new();
    Array1::from(vec![1_i64, 2]).write_npy(&mut masked).unwrap();
    place.file("y.npy", &masked);
    let error = "`z.npy`: the label of row 0 is class 1, whose logit is -inf: its loss is infinite";
    place.refuse(&["stablemax", "diagnose", "z.npy", "--labels", "y.npy"], error);
    let mut bad = Vec::new();
    array![[0.0, f64::NAN]].write_npy(&mut bad).unwrap();
    place.file("z.npy", &bad);
    let error = "`z.npy`, row 1, column 2: `NaN` is no logit; finite numbers and -inf (a masked class) are legal";
    place.refuse(&["stablemax", "diagnose", "z.npy", "--labels", "y.npy"], error);
}

#[test]
fn diagnose_refuses_bad_labels() {
    let place = place();
    let refuse = |labels: &str, message: &str| {
        place.file("bad.csv", labels);
        place.refuse(&["stablemax", "diagnose", "z.csv", "--labels", "bad.csv"], message);
    };
    refuse("y\n0\n3\n1\n", "`bad.csv`, row 2: `3` is no label; whole numbers from 0 to 2 are legal");
    refuse("y\n0\n0.5\n1\n", "`bad.csv`, row 2: `0.5` is no label; whole numbers from 0 to 2 are legal");
    refuse("y\n0\n1\n", "`bad.csv` has 2 labels, but there are 3 rows of logits");
    refuse("x,y\n0,1\n1,1\n", "`bad.csv` is 2 × 2; one column of labels is needed");
    place.refuse(&["stablemax", "diagnose", "z.csv", "--labels", "none.csv"], "`none.csv` does not exist");
}

const QUICK: [&str; 12] =
    ["stablemax", "grok", "--task", "add", "--modulus", "7", "--hidden", "16", "--steps", "60", "--log-every", "20"];

#[test]
fn grok_writes_a_folder_that_repeats() {
    let place = Place::new();
    let run = |folder: &'static str| [&QUICK[..], &["--out", folder, "--seed", "3", "--orthogonal"]].concat();
    let text = place.succeed(&run("a"));
    assert!(
        text.starts_with("add modulo 7: 19 rows for training, 30 for the test, 336 parameters, seed 3\n"),
        "{text}"
    );
    place.succeed(&run("b"));
    for name in ["history.csv", "curves.svg", "run.json"] {
        assert_eq!(place.bytes(&format!("a/{name}")), place.bytes(&format!("b/{name}")), "{name}");
    }
    let history = place.text("a/history.csv");
    assert_eq!(history.lines().count(), 5);
    assert!(history.starts_with("step,train_loss,train_accuracy,test_loss"));
    let document = place.json("a/run.json");
    assert_eq!((document["last"]["step"].as_u64(), document["train_rows"].as_u64()), (Some(60), Some(19)));
    assert!(place.text("a/curves.svg").contains("test accuracy"));
    let again = place.run(&run("a"));
    assert_eq!(again.code, 2);
    assert!(again.err.contains("`a` exists"), "{}", again.err);
}

#[test]
fn grok_knows_every_loss_and_task() {
    let place = Place::new();
    for loss in ["stablemax", "softmax", "textbook", "textbook-bf16", "heavy-tail:2", "taylor:2"] {
        for precision in ["f32", "f64"] {
            let arguments = [&QUICK[..], &["--loss", loss, "--precision", precision, "--json"]].concat();
            let document: serde_json::Value = serde_json::from_str(&place.succeed(&arguments)).unwrap();
            assert_eq!(document["task"], "add modulo 7");
        }
    }
    let parity = [
        "stablemax",
        "grok",
        "--task",
        "parity",
        "--rows",
        "100",
        "--hidden",
        "8",
        "--steps",
        "10",
        "--optimiser",
        "sgd",
    ];
    assert!(place.succeed(&parity).starts_with("parity of 3 of 23 bits: 50 rows"));
    let projected = [&QUICK[..], &["--orthogonal", "both", "--scope", "whole"]].concat();
    place.succeed(&projected);
}

#[test]
fn grok_names_the_option() {
    let place = Place::new();
    let refuse = |more: &[&str], message: &str| place.refuse(&[&QUICK[..], more].concat(), message);
    refuse(&["--train-fraction", "2"], "--train-fraction is 2; it must be > 0 and <= 1");
    refuse(&["--learning-rate=-1"], "--learning-rate is -1; it must be finite and >= 0");
    refuse(&["--logit-scale", "0"], "--logit-scale is 0; it must be finite and > 0");
    refuse(&["--out", "no/where"], "--out: the folder `no` does not exist");
    place.refuse(
        &["stablemax", "grok", "--task", "divide", "--modulus", "12"],
        "`modulus` is 12; division needs a prime, so that every number but 0 has an inverse"
            .replace("`modulus`", "--modulus")
            .as_str(),
    );
    let run = place.run(&[&QUICK[..], &["--loss", "hinge"]].concat());
    assert!(run.code == 2 && run.err.contains("legal are stablemax, softmax, textbook"), "{}", run.err);
}
