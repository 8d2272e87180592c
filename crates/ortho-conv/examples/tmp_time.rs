#![allow(missing_docs, clippy::all, clippy::print_stdout)]
use ortho_conv::*; use core_tensor::{Scalar, random::{rng,normal_array}}; use ndarray::Array4; use std::time::Instant;
fn run<T:Scalar>(m:usize,c:usize,k:usize,s:usize){
  let x:Array4<f64>=normal_array(&mut rng(1),(m,c,k,k))*0.05; let x=x.mapv(|v| <T as Scalar>::from_f64(v));
  let mut g=x.clone(); 
  for form in [Form::Lags,Form::Frequencies]{ let mut l=LOrth::<T>::with_form(&Geometry::new(m,c,&[k,k],&[s,s]).unwrap(),form);
   let mut best=f64::MAX; let mut v=0.0; for _ in 0..12 { let t=Instant::now(); v=l.value_and_gradient_into(&x,&mut g).unwrap(); best=best.min(t.elapsed().as_secs_f64()); }
   let mut bv=f64::MAX; for _ in 0..8 { let t=Instant::now(); l.value(&x).unwrap(); bv=bv.min(t.elapsed().as_secs_f64()); }
   println!("{} {m}x{c}x{k} s{s} {form:?}: {:.3} ms (value {:.3}) {v:.12} {:e}", T::NAME, best*1e3, bv*1e3, g.iter().fold(0.0f64,|a,x| a+Scalar::to_f64(*x))); }
}
fn main(){ rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
 for (m,c,k,s) in [(64,64,3,1),(64,3,7,2),(128,64,3,2),(256,256,3,1),(16,16,3,1),(32,32,5,1),(64,64,2,1),(64,64,1,1),(6,3,3,1),(1,16,7,1)] { run::<f64>(m,c,k,s); run::<f32>(m,c,k,s);} }
