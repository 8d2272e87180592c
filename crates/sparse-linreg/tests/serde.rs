//! Configurations and results survive JSON.

#![forbid(unsafe_code)]
#![cfg(feature = "serde")]

use serde::{Serialize, de::DeserializeOwned};
use sparse_linreg::{BestSubset, ElasticNet, Folds, LinearFit, Preconditioner, Race, Rsp, RspFit, SubsetPath};

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).expect("serialisable")).expect("what was written")
}

#[test]
fn what_is_written_is_read() {
    let data = datasets::diabetes();
    let lasso = ElasticNet::new(0.5).standardise(true);
    assert_eq!(round_trip(&lasso), lasso);
    let fit: LinearFit = lasso.fit(&data.x, &data.y, 1.0).expect("finite data");
    assert_eq!(round_trip(&fit), fit);
    let rsp = Rsp::new(Preconditioner::peel(3).seed(4));
    assert_eq!(round_trip(&rsp), rsp);
    let fit: RspFit = rsp.fit(&data.x, &data.y).expect("finite data");
    assert_eq!(round_trip(&fit).level, fit.level);
    let subsets: SubsetPath = BestSubset::new().sizes(0..=3).fit(&data.x, &data.y).expect("finite data");
    assert_eq!(round_trip(&subsets), subsets);
    let folds = Folds::shuffled(442, 3, 1).expect("three folds");
    assert_eq!(round_trip(&folds), folds);
    let race = Race::lasso_and_rsp(&[3]).run(&data.x, &data.y, &folds).expect("finite data");
    assert_eq!(round_trip(&race).heats, race.heats);
}
