"""The peers on the problems that `peer-bcd prepare` wrote: run.py FOLDER.

Each peer is called with ever lower tolerances until what it returns, measured here by one function for all sides, reaches the
problem's target.
"""

import json
import pathlib
import sys
import time
import warnings

import numpy as np
import scipy.optimize
import scipy.sparse
import scipy.sparse.linalg
from scipy.special import expit, xlogy

warnings.filterwarnings("ignore")

import celer  # noqa: E402
import skglm  # noqa: E402
import sklearn.linear_model as models  # noqa: E402

folder = pathlib.Path(sys.argv[1])
# A peer that needs longer for one call is not asked for more.
PATIENCE = 10.0


class Linear:
    """Design, targets and level of a penalised loss."""

    def __init__(self, problem):
        name = problem["name"]
        self.task, self.level = problem["task"], problem["level"]
        self.y = np.load(folder / f"y-{name}.npy")
        if problem["sparse"]:
            values, rows, starts = (np.load(folder / f"x-{name}-{part}.npy") for part in ("values", "rows", "starts"))
            shape = (problem["rows"], problem["columns"])
            self.x = scipy.sparse.csc_matrix((values, rows.astype(np.int32), starts.astype(np.int32)), shape=shape)
        else:
            self.x = np.asfortranarray(np.load(folder / f"x-{name}.npy"))

    def measure(self, w):
        if self.task == "logistic":
            return self.logistic_gap(w)
        if self.task == "multinomial":
            return self.multinomial_gradient(w)
        if self.task == "non-negative" and w.min() < 0:
            return np.inf
        r = self.y - self.x @ w
        pull = self.x.T @ r
        largest = pull.max() if self.task == "non-negative" else np.abs(pull).max()
        theta = min(1.0, self.level / max(largest, 1e-300)) * r
        zero = 0.5 * self.y @ self.y
        dual = zero - 0.5 * (self.y - theta) @ (self.y - theta)
        return (0.5 * r @ r + self.level * np.abs(w).sum() - dual) / zero

    def logistic_gap(self, w):
        t = self.y * (self.x @ w)
        a = expit(-t)
        a = a * min(1.0, self.level / max(np.abs(self.x.T @ (self.y * a)).max(), 1e-300))
        dual = -(xlogy(a, a) + xlogy(1 - a, 1 - a)).sum()
        return (np.logaddexp(0, -t).sum() + self.level * np.abs(w).sum() - dual) / (len(self.y) * np.log(2))

    def multinomial_gradient(self, w):
        """Largest entry of the gradient; w is features × classes, row after row."""
        w = w.reshape(self.x.shape[1], -1)
        z = self.x @ w
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(z)), self.y.astype(int)] -= 1
        return np.abs(self.x.T @ p + self.level * w).max()


class Grid:
    """A x = b of the unlabelled nodes."""

    def __init__(self, problem):
        self.bound = problem["level"] if problem["task"] == "bounded" else np.inf
        edges, labelled, values = (np.load(folder / f"{part}.npy") for part in ("edges", "labelled", "values"))
        n = edges.max() + 1
        ends = (np.r_[edges[:, 0], edges[:, 1]], np.r_[edges[:, 1], edges[:, 0]])
        weights = scipy.sparse.csr_matrix((np.ones(len(ends[0])), ends), shape=(n, n))
        laplacian = scipy.sparse.diags(np.asarray(weights.sum(axis=1)).ravel()) - weights
        self.free = np.setdiff1d(np.arange(n), labelled)
        rows = laplacian.tocsr()[self.free]
        self.a, self.b = rows[:, self.free].tocsr(), -rows[:, labelled] @ values

    def measure(self, x):
        gradient = self.a @ x - self.b
        return np.abs(x - np.clip(x - gradient, -self.bound, self.bound)).max() / np.abs(self.b).max()


def sklearn_lasso(p, tol):
    alpha, positive = p.level / len(p.y), p.task == "non-negative"
    model = models.Lasso(alpha=alpha, tol=tol, fit_intercept=False, max_iter=1_000_000, positive=positive)
    return model.fit(p.x, p.y).coef_


def celer_lasso(p, tol):
    alpha, positive = p.level / len(p.y), p.task == "non-negative"
    model = celer.Lasso(alpha=alpha, tol=tol, fit_intercept=False, max_iter=1000, max_epochs=1_000_000, positive=positive)
    return model.fit(p.x, p.y).coef_


def skglm_lasso(p, tol):
    alpha, positive = p.level / len(p.y), p.task == "non-negative"
    model = skglm.Lasso(alpha=alpha, tol=tol, fit_intercept=False, max_iter=1000, max_epochs=1_000_000, positive=positive)
    return model.fit(p.x, p.y).coef_


def celer_logistic(p, tol):
    model = celer.LogisticRegression(C=1 / p.level, tol=tol, fit_intercept=False, max_iter=1000, max_epochs=1_000_000)
    return model.fit(p.x, p.y).coef_.ravel()


def skglm_logistic(p, tol):
    model = skglm.SparseLogisticRegression(alpha=p.level / len(p.y), tol=tol, fit_intercept=False, max_iter=1000)
    return model.fit(p.x, p.y).coef_.ravel()


def liblinear(p, tol):
    model = models.LogisticRegression(
        l1_ratio=1, C=1 / p.level, solver="liblinear", fit_intercept=False, tol=tol, max_iter=100_000
    )
    return model.fit(p.x, p.y).coef_.ravel()


def multinomial(solver):
    def solve(p, tol):
        model = models.LogisticRegression(C=1 / p.level, solver=solver, fit_intercept=False, tol=tol, max_iter=100_000)
        return model.fit(p.x, p.y).coef_.T.ravel()

    return solve


def conjugate_gradients(p, tol):
    return scipy.sparse.linalg.cg(p.a, p.b, rtol=tol, maxiter=100_000)[0]


def jacobi_gradients(p, tol):
    preconditioner = scipy.sparse.diags(1 / p.a.diagonal())
    return scipy.sparse.linalg.cg(p.a, p.b, rtol=tol, maxiter=100_000, M=preconditioner)[0]


def direct(p, tol):
    return scipy.sparse.linalg.spsolve(p.a.tocsc(), p.b)


def bounded_newton(p, tol):
    """L-BFGS-B."""

    def value(x):
        ax = p.a @ x
        return 0.5 * x @ ax - p.b @ x, ax - p.b

    options = {"maxcor": 20, "maxiter": 100_000, "maxfun": 1_000_000, "ftol": 0.0, "gtol": tol}
    bounds = scipy.optimize.Bounds(-p.bound, p.bound)
    return scipy.optimize.minimize(value, np.zeros(len(p.b)), jac=True, method="L-BFGS-B", bounds=bounds, options=options).x


def powers(first, last):
    return [10.0**-k for k in range(first, last + 1)]


LASSO = [
    ("scikit-learn 1.9.1", sklearn_lasso, powers(6, 9)),
    ("celer 0.7.4", celer_lasso, powers(6, 12)),
    ("skglm 0.5", skglm_lasso, powers(5, 12)),
]
PEERS = {
    "lasso": LASSO,
    "non-negative": LASSO,
    "logistic": [
        ("liblinear (scikit-learn 1.9.1)", liblinear, powers(1, 9)),
        ("celer 0.7.4", celer_logistic, powers(3, 12)),
        ("skglm 0.5", skglm_logistic, powers(2, 12)),
    ],
    "multinomial": [
        ("scikit-learn 1.9.1, lbfgs", multinomial("lbfgs"), powers(4, 12)),
        ("scikit-learn 1.9.1, newton-cg", multinomial("newton-cg"), powers(4, 12)),
        ("scikit-learn 1.9.1, newton-cholesky", multinomial("newton-cholesky"), powers(4, 12)),
    ],
    "propagation": [
        ("SciPy 1.17.1, cg", conjugate_gradients, powers(8, 12)),
        ("SciPy 1.17.1, cg with Jacobi", jacobi_gradients, powers(8, 12)),
        ("SciPy 1.17.1, spsolve", direct, [0.0]),
    ],
    "bounded": [("SciPy 1.17.1, L-BFGS-B", bounded_newton, powers(6, 12))],
}


def timed(call):
    """Result and median processor time; short calls are repeated."""
    seconds = []
    while True:
        before = time.process_time()
        result = call()
        seconds.append(time.process_time() - before)
        if len(seconds) >= 5 or sum(seconds) > 1.0:
            return result, float(np.median(seconds))


def attempt(problem, data, method, solve, tolerances):
    """The first call that reaches the target, or the last one."""
    row = None
    for tol in tolerances:
        try:
            solution, seconds = timed(lambda: solve(data, tol))
        except Exception as error:  # A peer that gives up is a row, too.
            print(f"{method} {problem['name']} {tol:g}: {error}", file=sys.stderr, flush=True)
            break
        measure = max(float(data.measure(solution)), 0.0)
        row = {"problem": problem["name"], "method": method, "setting": f"{tol:g}", "seconds": seconds, "gap": measure}
        print(f"{method} {problem['name']} {tol:g}: {seconds:.5f} s, {measure:.1e}", file=sys.stderr, flush=True)
        if measure <= problem["target"] or seconds > PATIENCE:
            break
    return row


def warm_up():
    """Compiles what the peers compile at their first call."""

    class Small:
        level, task = 1.0, "lasso"

    rng = np.random.default_rng(0)
    dense = np.asfortranarray(rng.standard_normal((30, 40)))
    Small.y = dense[:, 0] + 0.1 * rng.standard_normal(30)
    for design in (dense, scipy.sparse.csc_matrix(dense)):
        Small.x = design
        for task in ("lasso", "non-negative"):
            Small.task = task
            for solve in (celer_lasso, skglm_lasso):
                solve(Small, 1e-6)
        labels, Small.y = Small.y, np.sign(Small.y)
        for solve in (celer_logistic, skglm_logistic):
            solve(Small, 1e-6)
        Small.y = labels


def main():
    warm_up()
    rows = []
    for problem in json.loads((folder / "problems.json").read_text()):
        is_graph = problem["task"] in ("propagation", "bounded")
        data = Grid(problem) if is_graph else Linear(problem)
        ours = np.load(folder / f"w-{problem['name']}.npy")
        ours = ours[data.free] if is_graph else ours
        measure = max(float(data.measure(ours)), 0.0)
        rows.append({"problem": problem["name"], "method": "Orthant", "setting": "", "gap": measure})
        for method, solve, tolerances in PEERS[problem["task"]]:
            row = attempt(problem, data, method, solve, tolerances)
            if row is not None:
                rows.append(row)
    (folder / "peers.json").write_text(json.dumps(rows))


main()
