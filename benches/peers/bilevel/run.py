"""Tuners in Python on the problems that `peer-bilevel prepare` wrote: run.py FOLDER.

The task: w(t) = argmin mean log(1 + exp(-s x.w)) + exp(t)/2 |w|^2 on the training rows; t minimises the mean log-loss of the validation rows.
"""

import json
import pathlib
import statistics
import sys
import time
import warnings

import jax
import jax.numpy as jnp
import jaxopt
import numpy as np
import optimistix as optx
import optuna
import scipy.optimize
from sklearn.linear_model import LogisticRegression

jax.config.update("jax_enable_x64", True)
optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.filterwarnings("ignore")

folder = pathlib.Path(sys.argv[1])
ours = json.loads((folder / "orthant.json").read_text())
rows = [{**row, "method": "Orthant"} for row in ours] + json.loads((folder / "others.json").read_text())

x, s = np.load(folder / "training-x.npy"), np.load(folder / "training-s.npy")
x_val, s_val = np.load(folder / "validation-x.npy"), np.load(folder / "validation-s.npy")
LOW, HIGH, LOSS = -14.0, 4.0, 0.069731536


def seconds(call, calls):
    """Median processor time of single calls, after a first one."""
    call()
    times = []
    for _ in range(calls):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def add(method, setting, call, calls):
    value = call()
    spent = seconds(call, calls)
    rows.append({"problem": "logistic", "method": method, "setting": setting, "seconds": spent, "gap": float(value) - LOSS})
    print(f"{method}: {spent * 1e3:.3f} ms, loss {value:.9f}", file=sys.stderr, flush=True)


def validation(w):
    return np.logaddexp(0, -s_val * (x_val @ w)).mean()


def grid():
    best = np.inf
    for t in np.linspace(LOW, HIGH, 25):
        model = LogisticRegression(C=1 / (len(s) * np.exp(t)), tol=1e-6, fit_intercept=False, max_iter=10_000)
        best = min(best, validation(model.fit(x, s).coef_[0]))
    return best


def lower(w, t):
    m = s * (x @ w)
    p = 1 / (1 + np.exp(m))
    return np.logaddexp(0, -m).mean() + 0.5 * np.exp(t) * w @ w, -(x.T @ (s * p)) / len(s) + np.exp(t) * w


def bounded():
    w = np.zeros(x.shape[1])

    def value(t):
        nonlocal w
        w = scipy.optimize.minimize(lower, w, (t,), "L-BFGS-B", jac=True, options={"gtol": 1e-8, "ftol": 1e-14}).x
        return validation(w)

    return scipy.optimize.minimize_scalar(value, bounds=(LOW, HIGH), method="bounded", options={"xatol": 1e-5}).fun


def tpe():
    def value(trial):
        t = trial.suggest_float("t", LOW, HIGH)
        model = LogisticRegression(C=1 / (len(s) * np.exp(t)), tol=1e-6, fit_intercept=False, max_iter=10_000)
        return validation(model.fit(x, s).coef_[0])

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(value, n_trials=50)
    return study.best_value


def newton():
    """Hand-written: warm-started Newton solves, implicit gradient, bounded quasi-Newton steps on t."""
    w = np.zeros(x.shape[1])
    identity = np.eye(x.shape[1])

    def value(t):
        nonlocal w
        e = float(np.exp(t[0]))
        for _ in range(50):
            p = 1 / (1 + np.exp(s * (x @ w)))
            gradient = -(x.T @ (s * p)) / len(s) + e * w
            hessian = (x.T * (p * (1 - p) / len(s))) @ x + e * identity
            step = np.linalg.solve(hessian, gradient)
            w = w - step
            if step @ gradient < 1e-15:
                break
        m = s_val * (x_val @ w)
        slope = -(x_val.T @ (s_val / (1 + np.exp(m)))) / len(s_val)
        return np.logaddexp(0, -m).mean(), np.array([-e * w @ np.linalg.solve(hessian, slope)])

    return scipy.optimize.minimize(value, np.array([-3.0]), method="L-BFGS-B", jac=True, bounds=[(LOW, HIGH)]).fun


X, S, X_VAL, S_VAL = (jnp.asarray(v) for v in (x, s, x_val, s_val))


def objective(w, t):
    return jnp.logaddexp(0, -S * (X @ w)).mean() + 0.5 * jnp.exp(t) * w @ w


solver = jaxopt.LBFGS(objective, tol=1e-8, maxiter=500, implicit_diff=True)


@jax.jit
def jaxopt_value(t):
    w = solver.run(jnp.zeros(X.shape[1]), t).params
    return jnp.logaddexp(0, -S_VAL * (X_VAL @ w)).mean()


bfgs = optx.BFGS(rtol=1e-9, atol=1e-9)


@jax.jit
def optimistix_value(t):
    w = optx.minimise(objective, bfgs, jnp.zeros(X.shape[1]), t, max_steps=500, throw=False).value
    return jnp.logaddexp(0, -S_VAL * (X_VAL @ w)).mean()


def through(value):
    both = jax.jit(jax.value_and_grad(value))

    def call():
        def f(t):
            v, g = both(t[0])
            return float(v), np.array([float(g)])

        return scipy.optimize.minimize(f, np.array([-3.0]), method="L-BFGS-B", jac=True, bounds=[(LOW, HIGH)]).fun

    return call


add("scikit-learn grid", "25 levels", grid, 3)
add("scipy bounded", "L-BFGS-B below", bounded, 5)
add("optuna", "TPE, 50 trials", tpe, 3)
add("NumPy, Newton", "hand-written, implicit gradient", newton, 15)
add("jaxopt", "implicit L-BFGS, compiled", through(jaxopt_value), 5)
add("optimistix", "implicit BFGS, compiled", through(optimistix_value), 5)
(folder / "peers.json").write_text(json.dumps(rows))
