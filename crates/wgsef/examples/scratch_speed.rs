//! scratch

use std::time::Instant;
use wgsef::*;
use ndarray::Array1;
use core_tensor::random::{rng, fill_normal};
fn run<T: core_tensor::Scalar>(name: &str, m: usize, size: usize, k: usize, lambda: f64, spread: f64, weighted: bool) where {
    let n = m*size;
    let mut base = Array1::<f64>::zeros(n);
    fill_normal(&mut rng(1), &mut base);
    let y: Array1<T> = base.iter().enumerate().map(|(i,v)| { let g = i/size; let f = (spread*(((g*7919)%1000) as f64/500.0-1.0)).exp(); <T as core_tensor::Scalar>::from_f64(v*f)}).collect();
    let groups = if size==1 { Groups::singletons(&[n]).unwrap() } else { Groups::uniform(m,size).unwrap() };
    let mut omega = Wgsef::new(groups, k).unwrap();
    if weighted { omega = omega.weights(Weights::each(&(0..m).map(|j| 0.5+ (j%7) as f64).collect::<Vec<_>>()).unwrap()).unwrap(); }
    let mut ws = Workspace::new(m);
    let mut x = y.clone();
    let mut best = f64::INFINITY; let mut all=vec![];
    for _ in 0..15 { x.assign(&y); let t=Instant::now(); let i=omega.prox_in_place(&mut x, lambda, &mut ws).unwrap(); let d=t.elapsed().as_secs_f64(); best=best.min(d); all.push(d); std::hint::black_box(i); }
    all.sort_by(|a,b|a.total_cmp(b));
    println!("{name} m={m} size={size} k={k} lambda={lambda} spread={spread} w={weighted}: median {:.3} ms best {:.3} ms passes {}", all[7]*1e3, best*1e3, ws.passes());
}
fn main(){ 
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
    for (k,l,s) in [(200_000,1.0,0.0),(200_000,0.01,3.0),(10_000,10.0,3.0),(900_000,1.0,0.0)] {
      run::<f32>("f32",1_000_000,1,k,l,s,false);
      run::<f64>("f64",1_000_000,1,k,l,s,false);
    }
    run::<f64>("f64w",1_000_000,1,200_000,1.0,1.0,true);
    run::<f64>("f64 shift",1_000_000,1,200_000,1e6,1.0,false);
    run::<f32>("f32",10_000,100,2000,1.0,0.0,false);
    run::<f64>("f64",10_000,100,2000,1.0,0.0,false);
    run::<f64>("f64",64,576,20,1.0,0.0,false);
    run::<f64>("f64",100_000,1,20_000,1.0,0.0,false);
    });
}
