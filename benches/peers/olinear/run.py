"""torch and statsforecast on the problems that `peer-olinear prepare` wrote: run.py FOLDER."""

import json
import pathlib
import statistics
import sys
import time
import warnings

import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.nn.functional as F
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, AutoTheta, SeasonalNaive

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.manual_seed(0)

folder = pathlib.Path(sys.argv[1])
ours = {row["problem"]: row for row in json.loads((folder / "orthant.json").read_text())}
errors = json.loads((folder / "errors.json").read_text())
rows = []

BATCH_SECONDS, BATCHES = 0.05, 9
LOOK_BACK, ORIGINS, APART = 96, 20, 100


def seconds(call):
    """Median processor time of a call, over batches that are long enough for the clock."""
    call()
    calls = 1
    while True:
        begin = time.process_time()
        for _ in range(calls):
            call()
        if time.process_time() - begin >= BATCH_SECONDS:
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
    return torch.from_numpy(np.load(folder / f"{name}.npy"))


def add(problem, method, setting, time_of_call, gap):
    rows.append({"problem": problem, "method": method, "setting": setting, "seconds": time_of_call, "gap": gap})
    print(f"{method} {problem}: {time_of_call * 1e3:.3f} ms, {gap:.2e}", file=sys.stderr, flush=True)


def add_ours(problem, gap):
    """Orthant's row; its time and setting stand in its own file."""
    rows.append({"problem": problem, "method": "Orthant", "setting": "", "seconds": ours[problem]["seconds"], "gap": gap})


class OLinear(nn.Module):
    """The network, layer by layer as it is defined."""

    def __init__(self, horizon, blocks=2):
        super().__init__()
        get = lambda name: load(f"{horizon}-{name}")
        parameter = lambda name: nn.Parameter(get(name))
        self.horizon, self.blocks = horizon, blocks
        self.register_buffer("q_in", get("Q_in"))
        self.register_buffer("q_out", get("Q_out"))
        names = ["revin_w", "revin_b", "phi", "delta1", "delta2", "W_in", "b_in", "W_out", "b_out", "F1", "fb1", "F2", "fb2"]
        names += ["ln_f.gamma", "ln_f.beta"]
        for layer in range(blocks):
            names += [f"layer{layer}.{name}" for name in ["W_mix", "Wv", "bv", "Wo", "bo", "W1", "b1", "W2", "b2"]]
            names += [f"layer{layer}.ln{k}.{name}" for k in (1, 2) for name in ("gamma", "beta")]
        self.p = nn.ParameterDict({name.replace(".", "/"): parameter(name) for name in names})

    def forward(self, x):
        p = lambda name: self.p[name.replace(".", "/")]
        width = p("b_in").shape[0]
        norm = lambda h, name: F.layer_norm(h, (width,), p(name + ".gamma"), p(name + ".beta"))
        mean = x.mean(1, keepdim=True)
        deviation = torch.sqrt(x.var(1, keepdim=True, unbiased=False) + 1e-5)
        u = ((x - mean) / deviation * p("revin_w") + p("revin_b")).transpose(1, 2)
        s = u @ self.q_in.T
        z = s.unsqueeze(2) * p("phi")[:, None] + p("delta1")[:, None, :]
        h = F.linear(z.flatten(2), p("W_in"), p("b_in"))
        for layer in range(self.blocks):
            q = lambda name: p(f"layer{layer}.{name}")
            weights = F.softplus(q("W_mix"))
            mixing = weights / weights.sum(1, keepdim=True).clamp(min=1e-12)
            v = F.linear(h, q("Wv"), q("bv"))
            h = norm(h + F.linear(mixing @ v, q("Wo"), q("bo")), f"layer{layer}.ln1")
            g = F.linear(F.gelu(F.linear(h, q("W1"), q("b1"))), q("W2"), q("b2"))
            h = norm(h + g, f"layer{layer}.ln2")
        h = norm(h, "ln_f")
        r = F.linear(h, p("W_out"), p("b_out")).unflatten(2, (-1, self.horizon))
        y = r @ self.q_out + p("delta2")[:, None, :]
        y = y.transpose(2, 3).flatten(2)
        o = F.linear(F.gelu(F.linear(y, p("F1"), p("fb1"))), p("F2"), p("fb2")).transpose(1, 2)
        return (o - p("revin_b")) / (p("revin_w") + 1e-10) * deviation + mean


for horizon in (96, 720):
    model = OLinear(horizon)
    x, y = load(f"{horizon}-x"), load(f"{horizon}-y")
    weights = (torch.arange(1, horizon + 1, dtype=torch.float32) ** -0.5)[:, None]
    exact = OLinear(horizon).double()
    with torch.no_grad():
        truth = exact(x.double())
        loss_exact = float((weights.double() * (truth - y.double()).abs()).mean())
        distance = lambda found: float((found.double() - truth).abs().max() / truth.abs().max())
        ours_forecast = torch.from_numpy(np.load(folder / f"{horizon}-forecast.npy"))
        if horizon == 96:
            model.eval()
            for size in (1, 32):
                part = x[:size]
                with torch.inference_mode():
                    found = model(part)
                    spent = seconds(lambda: model(part))
                gap = float((found.double() - truth[:size]).abs().max() / truth.abs().max())
                add(f"forecast-{size}", "torch", "as defined", spent, gap)
                add_ours(f"forecast-{size}", distance(ours_forecast))
            model.train()
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-4)
    loss_of = lambda: (weights * (model(x) - y).abs()).mean()
    first = float(loss_of())

    def step():
        optimiser.zero_grad(set_to_none=False)
        loss_of().backward()
        optimiser.step()

    ours_loss = json.loads((folder / f"{horizon}-loss.json").read_text())
    add(f"step-{horizon}", "torch", "forward, backward, Adam", seconds(step), abs(first / loss_exact - 1))
    add_ours(f"step-{horizon}", abs(ours_loss / loss_exact - 1))

# --- linear forecasters --------------------------------------------------------------------------------------------------

series = np.load(folder / "series.npy")
data = torch.from_numpy(series.astype(np.float32))
every = data.unfold(0, 2 * LOOK_BACK, 1)
train, test = every[: 8640 - 2 * LOOK_BACK + 1], every[11520 - LOOK_BACK : 14400 - 2 * LOOK_BACK + 1]


class DLinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.trend, self.rest = nn.Linear(LOOK_BACK, 96), nn.Linear(LOOK_BACK, 96)

    def forward(self, x):
        padded = F.pad(x, (12, 12), mode="replicate")
        trend = F.avg_pool1d(padded, 25, 1)
        return self.trend(trend) + self.rest(x - trend)


begin = time.process_time()
model = DLinear()
optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(6):
    for group in optimiser.param_groups:
        group["lr"] = 5e-3 * 0.5 ** max(epoch - 1, 0)
    for chunk in torch.randperm(len(train)).split(32):
        batch = train[chunk]
        optimiser.zero_grad()
        ((model(batch[:, :, :LOOK_BACK]) - batch[:, :, LOOK_BACK:]) ** 2).mean().backward()
        optimiser.step()
spent = time.process_time() - begin
with torch.no_grad():
    error = float(((model(test[:, :, :LOOK_BACK]) - test[:, :, LOOK_BACK:]) ** 2).mean())
add("benchmark", "torch, DLinear", "6 epochs, once", spent, error)
add_ours("benchmark", errors["benchmark"])

# --- classical forecasters -----------------------------------------------------------------------------------------------

origins = [11520 + APART * i for i in range(ORIGINS)]
truth = np.stack([series[o : o + 96] for o in origins])
for name, build in [
    ("statsforecast, AutoTheta", lambda: AutoTheta(season_length=24)),
    ("statsforecast, AutoETS", lambda: AutoETS(season_length=24)),
    ("statsforecast, SeasonalNaive", lambda: SeasonalNaive(season_length=24)),
]:
    frames = [
        pd.DataFrame({"unique_id": f"{i}-{n}", "ds": np.arange(336), "y": series[o - 336 : o, n]})
        for i, o in enumerate(origins)
        for n in range(7)
    ]
    table = pd.concat(frames)
    StatsForecast([build()], freq=1, n_jobs=1).forecast(df=table[table.unique_id == "0-0"], h=96)
    begin = time.process_time()
    found = StatsForecast([build()], freq=1, n_jobs=1).forecast(df=table, h=96)
    spent = time.process_time() - begin
    column = [c for c in found.columns if c not in ("unique_id", "ds")][0]
    pieces = {key: part[column].to_numpy() for key, part in found.groupby("unique_id")}
    forecast = np.stack([np.stack([pieces[f"{i}-{n}"] for n in range(7)], axis=1) for i in range(ORIGINS)])
    add("origins", name, "last 336 hours, once", spent, float(((forecast - truth) ** 2).mean()))
add_ours("origins", errors["origins"])

(folder / "peers.json").write_text(json.dumps(rows, indent=1))
