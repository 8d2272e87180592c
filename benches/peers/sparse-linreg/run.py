"""The peers on the problems that `peer-sparse-linreg prepare` wrote: run.py FOLDER.

Each peer is called with ever lower tolerances until the duality gap of what it returns, computed here by one function for all
sides, reaches the problem's target. Best subsets have no tolerance: their residual sums of squares are compared size by size.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import warnings

import numpy as np
import scipy.sparse
from scipy.special import expit, xlogy

warnings.filterwarnings("ignore")

import abess  # noqa: E402
import adelie  # noqa: E402
import celer  # noqa: E402
import skglm  # noqa: E402
import sklearn.linear_model as sklearn_models  # noqa: E402

folder = pathlib.Path(sys.argv[1])
# A peer that needs longer for one call is not asked for a smaller gap.
PATIENCE = 2.0


def read(problem):
    name = problem["name"]
    y = np.load(folder / f"y-{name}.npy")
    levels = np.load(folder / f"levels-{name}.npy")
    if not problem["sparse"]:
        return np.asfortranarray(np.load(folder / f"x-{name}.npy")), y, levels
    parts = [np.load(folder / f"x-{name}-{part}.npy") for part in ("values", "rows", "starts")]
    shape = (problem["rows"], problem["columns"])
    arrays = (parts[0], parts[1].astype(np.int32), parts[2].astype(np.int32))
    return scipy.sparse.csc_matrix(arrays, shape=shape), y, levels


def lasso_gap(x, y, level, w):
    """Relative gap of ½ ‖y - Xw‖² + level ‖w‖₁, by the rescaled residual."""
    r = y - x @ w
    scale = min(1.0, level / max(np.abs(x.T @ r).max(), 1e-300))
    theta = scale * r
    dual = 0.5 * y @ y - 0.5 * (y - theta) @ (y - theta)
    return (0.5 * r @ r + level * np.abs(w).sum() - dual) / (0.5 * y @ y)


def logistic_gap(x, y, level, w):
    """Relative gap of Σ log(1 + exp(-y Xw)) + level ‖w‖₁, by the rescaled slopes."""
    t = y * (x @ w)
    a = expit(-t)
    a = a * min(1.0, level / max(np.abs(x.T @ (y * a)).max(), 1e-300))
    dual = -(xlogy(a, a) + xlogy(1 - a, 1 - a)).sum()
    return (np.logaddexp(0, -t).sum() + level * np.abs(w).sum() - dual) / (len(y) * np.log(2))


def worst_gap(problem, x, y, levels, coefficients):
    gap = lasso_gap if problem["task"] == "lasso" else logistic_gap
    return max(max(gap(x, y, level, w), 0.0) for level, w in zip(levels, coefficients))


# Each returns the coefficients, levels × columns.


def sklearn_lasso(x, y, levels, tol):
    n = len(y)
    if len(levels) > 1:
        return sklearn_models.lasso_path(x, y, alphas=levels / n, tol=tol, max_iter=1_000_000)[1].T
    model = sklearn_models.Lasso(alpha=levels[0] / n, tol=tol, fit_intercept=False, max_iter=1_000_000)
    return [model.fit(x, y).coef_]


def celer_lasso(x, y, levels, tol):
    n = len(y)
    if len(levels) > 1:
        return celer.celer_path(x, y, "lasso", alphas=levels / n, tol=tol, max_iter=1000, max_epochs=1_000_000)[1].T
    model = celer.Lasso(alpha=levels[0] / n, tol=tol, fit_intercept=False, max_iter=1000, max_epochs=1_000_000)
    return [model.fit(x, y).coef_]


def skglm_lasso(x, y, levels, tol):
    n = len(y)
    model = skglm.Lasso(alpha=levels[0] / n, tol=tol, fit_intercept=False, max_iter=1000, max_epochs=1_000_000)
    if len(levels) > 1:
        return model.path(x, y, alphas=levels / n)[1].T
    return [model.fit(x, y).coef_]


def adelie_lasso(x, y, levels, tol):
    if scipy.sparse.issparse(x):
        matrix = adelie.matrix.sparse(x, method="naive", n_threads=1)
    else:
        matrix = adelie.matrix.dense(x, method="naive", n_threads=1)
    state = adelie.grpnet(
        X=matrix, glm=adelie.glm.gaussian(y=y), lmda_path=levels / len(y), intercept=False, early_exit=False,
        tol=tol, max_iters=10_000_000, progress_bar=False, n_threads=1,
    )
    betas = state.betas.toarray()
    if len(betas) != len(levels):
        raise RuntimeError(f"{len(betas)} of {len(levels)} levels")
    return betas


def celer_logistic(x, y, levels, tol):
    model = celer.LogisticRegression(C=1 / levels[0], tol=tol, fit_intercept=False, max_iter=1000, max_epochs=1_000_000)
    return [model.fit(x, y).coef_.ravel()]


def skglm_logistic(x, y, levels, tol):
    model = skglm.SparseLogisticRegression(alpha=levels[0] / len(y), tol=tol, fit_intercept=False, max_iter=1000)
    return [model.fit(x, y).coef_.ravel()]


def liblinear_logistic(x, y, levels, tol):
    model = sklearn_models.LogisticRegression(
        l1_ratio=1, C=1 / levels[0], solver="liblinear", fit_intercept=False, tol=tol, max_iter=100_000
    )
    return [model.fit(x, y).coef_.ravel()]


def abess_subsets(x, y, largest, important_search):
    """Splicing for the sizes 0 to `largest`, each from the support of the one before; the coefficients of the largest size.

    abess returns the size that a criterion chooses: without a price for columns that is the largest one.
    """
    model = abess.LinearRegression(
        path_type="seq", support_size=range(largest + 1), ic_type="gic", ic_coef=0.0, cv=1, thread=1,
        fit_intercept=False, important_search=important_search,
    )
    model.fit(x, y, is_normal=False)
    return model.coef_


# Splicing among the 128 columns that look most promising, as by default, or among all of them.
SUBSET_PEERS = [("abess 0.4.11, default", 128), ("abess 0.4.11, all columns", 0)]


def subsets(problem, x, y, sizes):
    """Rows of all sides: seconds for all sizes, and the largest excess over the smallest residual sum of squares of a size."""
    name, sizes = problem["name"], [int(size) for size in sizes]
    squares = lambda w: float(((y - x @ w) ** 2).sum())  # noqa: E731
    rows = {"Orthant": {"setting": "splicing"}}
    found = {"Orthant": [squares(w) for w in np.load(folder / f"w-{name}.npy")]}
    for method, important in SUBSET_PEERS:
        coefficients = [abess_subsets(x, y, size, important) for size in sizes]
        for size, w in zip(sizes, coefficients):
            if np.count_nonzero(w) > size:
                raise RuntimeError(f"{method}: {np.count_nonzero(w)} columns instead of {size}")
        found[method] = [squares(w) for w in coefficients]
        _, seconds = timed(lambda: abess_subsets(x, y, sizes[-1], important))
        rows[method] = {"setting": f"important_search={important}", "seconds": seconds}
    best = np.min(list(found.values()), axis=0)
    for method, row in rows.items():
        excess = np.array(found[method]) / best - 1
        row |= {"problem": name, "method": method, "gap": float(excess.max())}
        worse = [size for size, e in zip(sizes, excess) if e > problem["target"]]
        print(f"{method} {name}: {row.get('seconds', 0):.5f} s, excess {row['gap']:.1e}, worse at {worse}", file=sys.stderr, flush=True)
    return list(rows.values())


GLMNET = r"""
suppressMessages(library(glmnet))
a <- commandArgs(TRUE)
folder <- a[1]; n <- as.integer(a[2]); d <- as.integer(a[3]); sparse <- a[4] == "sparse"; family <- a[5]
thresh <- as.numeric(a[6]); repeats <- as.integer(a[7])
get <- function(name, what = "double", size = 8) {
  file <- file.path(folder, paste0("glmnet-", name)); readBin(file, what, file.info(file)$size / size, size = size)
}
y <- get("y"); levels <- get("levels")
if (sparse) x <- Matrix::sparseMatrix(i = get("rows", "integer", 4), p = get("starts", "integer", 4), x = get("x"), dims = c(n, d), index1 = FALSE) else x <- matrix(get("x"), n, d)
if (family == "binomial") y <- factor(y)
seconds <- c()
for (k in seq_len(repeats)) {
  if (sum(seconds) > 1) break
  before <- proc.time()
  fit <- glmnet(x, y, family = family, lambda = levels / n, standardize = FALSE, intercept = FALSE, thresh = thresh, maxit = 1e9)
  used <- proc.time() - before
  seconds <- c(seconds, used[["user.self"]] + used[["sys.self"]])
}
writeBin(as.vector(as.matrix(fit$beta)), file.path(folder, "glmnet-beta"))
cat(median(seconds))
"""


def have_glmnet():
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(glmnet)"], capture_output=True).returncode == 0


def glmnet(problem, x, y, levels, tol):
    """Coefficients, and the seconds that R itself measured."""
    if problem["sparse"]:
        x.data.tofile(folder / "glmnet-x")
        x.indices.astype(np.int32).tofile(folder / "glmnet-rows")
        x.indptr.astype(np.int32).tofile(folder / "glmnet-starts")
    else:
        x.T.tofile(folder / "glmnet-x")
    # glmnet divides y by its standard deviation and stops by the deviance; the levels scale with it.
    y.tofile(folder / "glmnet-y")
    levels.tofile(folder / "glmnet-levels")
    (folder / "glmnet.R").write_text(GLMNET)
    words = [folder, *map(str, x.shape), "sparse" if problem["sparse"] else "dense"]
    family = "gaussian" if problem["task"] == "lasso" else "binomial"
    done = subprocess.run(
        ["Rscript", folder / "glmnet.R", *words, family, str(tol), "3"], capture_output=True, text=True, timeout=600
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    beta = np.fromfile(folder / "glmnet-beta").reshape(-1, x.shape[1])
    if len(beta) != len(levels):
        raise RuntimeError(f"{len(beta)} of {len(levels)} levels")
    return beta, float(done.stdout)


def timed(call):
    """Result and median processor time; short calls are repeated."""
    seconds = []
    while True:
        before = time.process_time()
        result = call()
        seconds.append(time.process_time() - before)
        if len(seconds) >= 5 or sum(seconds) > 1.0:
            return result, float(np.median(seconds))


def attempt(problem, x, y, levels, method, solve, tolerances):
    """The first call that reaches the target, or the last one."""
    row = None
    for tol in tolerances:
        try:
            if solve is None:
                coefficients, seconds = glmnet(problem, x, y, levels, tol)
            else:
                coefficients, seconds = timed(lambda: solve(x, y, levels, tol))
        except Exception as error:  # A peer that gives up is a row, too.
            print(f"{method} {problem['name']} {tol:g}: {error}", file=sys.stderr, flush=True)
            break
        gap = worst_gap(problem, x, y, levels, coefficients)
        row = {"problem": problem["name"], "method": method, "setting": f"{tol:g}", "seconds": seconds, "gap": gap}
        print(f"{method} {problem['name']} {tol:g}: {seconds:.5f} s, gap {gap:.1e}", file=sys.stderr, flush=True)
        if gap <= problem["target"] or seconds > PATIENCE:
            break
    return row


def powers(first, last):
    return [10.0**-k for k in range(first, last + 1)]


PEERS = {
    "lasso": [
        ("scikit-learn 1.9.1", sklearn_lasso, powers(6, 9)),
        ("celer 0.7.4", celer_lasso, powers(6, 12)),
        ("skglm 0.5", skglm_lasso, powers(5, 12)),
        ("adelie 1.1.52", adelie_lasso, powers(10, 15)),
    ],
    "logistic": [
        ("liblinear (scikit-learn 1.9.1)", liblinear_logistic, powers(1, 9)),
        ("celer 0.7.4", celer_logistic, powers(3, 12)),
        ("skglm 0.5", skglm_logistic, powers(2, 12)),
    ],
}
if have_glmnet():
    for rows in PEERS.values():
        rows.append(("glmnet (R)", None, powers(10, 16)))


def warm_up():
    """Compiles what the peers compile at their first call."""
    rng = np.random.default_rng(0)
    x = np.asfortranarray(rng.standard_normal((30, 40)))
    y = x[:, 0] + 0.1 * rng.standard_normal(30)
    for design in (x, scipy.sparse.csc_matrix(x)):
        for solve in (celer_lasso, skglm_lasso, sklearn_lasso):
            solve(design, y, np.array([3.0]), 1e-6)
            if solve is not sklearn_lasso:
                solve(design, y, np.array([3.0, 2.0]), 1e-6)
        for solve in (celer_logistic, skglm_logistic, liblinear_logistic):
            solve(design, np.sign(y), np.array([1.0]), 1e-6)


def main():
    warm_up()
    rows = []
    for problem in json.loads((folder / "problems.json").read_text()):
        x, y, levels = read(problem)
        if problem["task"] == "subset":
            rows += subsets(problem, x, y, levels)
            continue
        ours = worst_gap(problem, x, y, levels, np.load(folder / f"w-{problem['name']}.npy"))
        rows.append({"problem": problem["name"], "method": "Orthant", "setting": f"{problem['target']:g}", "gap": ours})
        for method, solve, tolerances in PEERS[problem["task"]]:
            row = attempt(problem, x, y, levels, method, solve, tolerances)
            if row is not None:
                rows.append(row)
    (folder / "peers.json").write_text(json.dumps(rows))


os.environ.setdefault("TQDM_DISABLE", "1")
main()
