"""torch and NumPy on the problems that `peer-networks prepare` wrote: run.py FOLDER.

Every result, of torch and of Orthant, is measured against the same formula in double precision, computed here.
"""

import json
import pathlib
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.utils import parametrize

torch.set_num_threads(1)
torch.manual_seed(0)

folder = pathlib.Path(sys.argv[1])
ours = {row["problem"]: row for row in json.loads((folder / "orthant.json").read_text())}
rows = []

BATCH_SECONDS, BATCHES = 0.02, 25


def seconds(call):
    """Median processor time of a call, over batches that are long enough for the clock."""
    call()
    calls, spent = 1, 0.0
    while True:
        begin = time.process_time()
        for _ in range(calls):
            call()
        spent = time.process_time() - begin
        if spent >= BATCH_SECONDS:
            break
        calls *= 2
    times = []
    for _ in range(BATCHES):
        begin = time.process_time()
        for _ in range(calls):
            call()
        times.append((time.process_time() - begin) / calls)
    return statistics.median(times)


def load(name):
    return np.load(folder / f"{name}.npy")


def distance(found, exact):
    """Largest difference, relative to the largest entry."""
    return float(np.abs(np.asarray(found, dtype=np.float64) - exact).max() / np.abs(exact).max())


def add(problem, method, setting, time_of_call, gap):
    rows.append({"problem": problem, "method": method, "setting": setting, "seconds": time_of_call, "gap": gap})
    print(f"{method} {problem}: {time_of_call * 1e3:.3f} ms, {gap:.1e}", file=sys.stderr, flush=True)


def add_ours(problem, gap):
    """Orthant's row; its time and setting stand in its own file."""
    rows.append({"problem": problem, "method": "Orthant", "setting": "", "seconds": ours[problem]["seconds"], "gap": gap})


# --- losses ------------------------------------------------------------------------------------------------------------


def stable_logits(z):
    """sign(z) log(1 + |z|): softmax of it is StableMax for z >= 0, and its reciprocal form below."""
    return torch.sign(z) * torch.log1p(torch.abs(z))


def losses():
    z32, labels = load("logits"), torch.from_numpy(load("labels"))

    def gradient(z, transform):
        z = torch.from_numpy(z).requires_grad_()
        F.cross_entropy(transform(z), labels).backward()
        return z.grad.numpy()

    def timed(transform):
        z = torch.from_numpy(z32).requires_grad_()

        def call():
            z.grad = None
            F.cross_entropy(transform(z), labels).backward()

        return seconds(call)

    identity, exact = (lambda z: z), {}
    for name, transform in [("softmax", identity), ("stablemax", stable_logits)]:
        exact[name] = gradient(z32.astype(np.float64), transform)
    plain = timed(identity)
    plain_gap = distance(gradient(z32, identity), exact["softmax"])
    log1p = timed(stable_logits)
    log1p_gap = distance(gradient(z32, stable_logits), exact["stablemax"])
    for problem, kind in [("stablemax", "stablemax"), ("rest-mass", "softmax"), ("textbook", "softmax")]:
        add_ours(problem, distance(load(f"gradient-{problem}"), exact[kind]))
        add(problem, "torch cross_entropy", "softmax", plain, plain_gap)
        if kind == "stablemax":
            add(problem, "torch, sign(z) log1p(|z|)", "StableMax", log1p, log1p_gap)


# --- companded weights -------------------------------------------------------------------------------------------------


class Arctan(torch.nn.Module):
    """w = a atan(v / b), as a user of torch would write it."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = a, b

    def forward(self, v):
        return self.a * torch.atan(v / self.b)


def companding():
    a, b = 0.07, 0.05
    v, x, g = load("latent"), load("inputs"), load("upstream")
    w = a * np.arctan(v.astype(np.float64) / b)

    def layer(companded):
        module = torch.nn.Linear(v.shape[1], v.shape[0], bias=False)
        with torch.no_grad():
            module.weight.copy_(torch.from_numpy(v))
        if companded:
            parametrize.register_parametrization(module, "weight", Arctan(a, b))
        return module

    inputs = torch.from_numpy(x).requires_grad_()
    upstream = torch.from_numpy(g)

    def step(module):
        def call():
            module.zero_grad()
            inputs.grad = None
            module(inputs).backward(upstream)

        return call

    plain, companded = seconds(step(layer(False))), seconds(step(layer(True)))
    module = layer(True)
    step(module)()
    found = module.parametrizations.weight.original.grad.numpy()
    exact = (g.astype(np.float64).T @ x.astype(np.float64)) * (a / b) / (1 + (v.astype(np.float64) / b) ** 2)
    add_ours("companded-linear", distance(load("companded-linear"), exact))
    setting = f"plain {plain * 1e3:.2f} ms, companded {companded * 1e3:.2f} ms"
    add("companded-linear", "torch parametrisation", setting, max(companded - plain, 0.0), distance(found, exact))

    long, weight = load("long-latent"), load("long-upstream")
    both = [torch.from_numpy(long).requires_grad_(), torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)]
    weight_tensor = torch.from_numpy(weight)

    def entries():
        for leaf in both:
            leaf.grad = None
        (both[1] * torch.atan(both[0] / both[2])).backward(weight_tensor)

    time_of_call = seconds(entries)
    exact = weight.astype(np.float64) * (a / b) / (1 + (long.astype(np.float64) / b) ** 2)
    add_ours("companding", distance(load("long-gradient"), exact))
    add("companding", "torch autograd", "in v, a and b", time_of_call, distance(both[0].grad.numpy(), exact))


# --- group sparsity ----------------------------------------------------------------------------------------------------


def envelope_scale(norms, k, level):
    """Factors of the groups in the proximal operator of the envelope: sort all break points, sweep."""
    kept = norms > 0
    c = norms[kept]
    starts, ends = level / c, (1 + level) / c
    points = np.concatenate([starts, ends])
    slope = np.concatenate([c, -c])
    order = np.argsort(points)
    points, slope = points[order], np.cumsum(slope[order])
    height = np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(points))])
    at = int(np.searchsorted(height, k))
    t = points[at - 1] + (k - height[at - 1]) / slope[at - 1]
    u = np.clip(c * t - level, 0, 1)
    scale = np.zeros_like(norms)
    scale[kept] = u / (u + level)
    return scale


def sparsity():
    y = load("groups")
    k, level = 2000, 1.0
    y64 = y.astype(np.float64)
    exact = y64 * envelope_scale(np.sqrt((y64 * y64).sum(1)), k, level)[:, None]
    add_ours("prox-groups", distance(load("prox-groups"), exact))
    tensor = torch.from_numpy(y)

    def group_lasso():
        norms = torch.linalg.vector_norm(tensor, dim=1, keepdim=True)
        return tensor * torch.clamp(1 - level / norms, min=0)

    norms = np.sqrt((y64 * y64).sum(1, keepdims=True))
    lasso = y64 * np.clip(1 - level / norms, 0, None)
    with torch.no_grad():
        add("prox-groups", "torch, group lasso", "another penalty", seconds(group_lasso), distance(group_lasso().numpy(), lasso))

    y = load("singletons")
    k = 200_000
    exact = y * envelope_scale(np.abs(y), k, level)
    add_ours("prox-singletons", distance(load("prox-singletons"), exact))
    by_sorting = lambda: y * envelope_scale(np.abs(y), k, level)  # noqa: E731
    add("prox-singletons", "NumPy, sorted break points", "the same envelope", seconds(by_sorting), 0.0)


# --- orthogonal convolutions -------------------------------------------------------------------------------------------


def convolutions():
    for name in ["l-orth-64", "l-orth-256"]:
        kernel = load(name)
        channels = kernel.shape[0]

        def penalty(k):
            lags = F.conv2d(k, k, padding=2)
            target = torch.zeros_like(lags)
            target[:, :, 2, 2] = torch.eye(channels, dtype=k.dtype)
            return ((lags - target) ** 2).sum()

        def gradient(dtype):
            k = torch.from_numpy(kernel).to(dtype).requires_grad_()
            penalty(k).backward()
            return k.grad.numpy()

        k = torch.from_numpy(kernel).requires_grad_()

        def call():
            k.grad = None
            penalty(k).backward()

        exact = gradient(torch.float64)
        add_ours(name, distance(load(f"{name}-gradient"), exact))
        add(name, "torch autograd", "convolution of the kernel with itself", seconds(call), distance(gradient(torch.float32), exact))

    kernel = load("l-orth-64")

    def values(dtype):
        blocks = np.fft.fft2(kernel.astype(dtype), (32, 32), axes=[2, 3]).transpose(2, 3, 0, 1)
        return np.linalg.svd(blocks, compute_uv=False)

    exact = np.sort(values(np.float64).ravel())[::-1]
    add_ours("singular-values", distance(load("singular-values"), exact))
    add("singular-values", "NumPy fft2, batched svd", "f64", seconds(lambda: values(np.float64)), 0.0)


losses()
companding()
sparsity()
convolutions()
(folder / "peers.json").write_text(json.dumps(rows))
