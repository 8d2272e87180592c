"""DAGMA on the problems that `peer-colide prepare` wrote: run.py FOLDER."""

import json
import os
import pathlib
import sys
import time

# Drawing its progress bar is no part of the peer's work.
os.environ["TQDM_DISABLE"] = "1"

import numpy as np
from dagma.linear import DagmaLinear

folder = pathlib.Path(sys.argv[1])
results = []
for problem in json.loads((folder / "problems.json").read_text()):
    name = problem["name"]
    x = np.load(folder / f"x-{name}.npy")
    cpu, wall = time.process_time(), time.perf_counter()
    # The schedule of the CoLiDE paper, which is the one that Orthant runs. A list for s of its own, and a copy of x: both
    # are changed by fit.
    weights = DagmaLinear("l2").fit(
        x.copy(), lambda1=0.05, w_threshold=0.3, T=4, s=[1.0, 0.9, 0.8, 0.7], warm_iter=2e4, max_iter=7e4
    )
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    np.save(folder / f"dagma-{name}.npy", np.ascontiguousarray(weights, dtype=np.float64))
    results.append({"problem": name, "method": "dagma", "cpu": cpu, "wall": wall})
    print(f"dagma {name}: {cpu:.2f} s", file=sys.stderr, flush=True)
(folder / "dagma.json").write_text(json.dumps(results))
