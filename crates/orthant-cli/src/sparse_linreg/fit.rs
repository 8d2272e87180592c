//! `orthant sparse-linreg fit`.
