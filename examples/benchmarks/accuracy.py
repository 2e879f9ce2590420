"""The default LSTM against other models with their defaults, on public and made data.

    python examples/benchmarks/accuracy.py [--tasks airline GunPoint ...] [--seeds 5]
    python examples/benchmarks/accuracy.py --spoiled 0.001 [...]
    python examples/benchmarks/accuracy.py --held-out [...]
    python examples/benchmarks/accuracy.py --toys

Forecasts, regressions and classifications of `tasks/`; nothing is downloaded: aeon and statsmodels
(extra "benchmark") carry the data. Scores, less being better: of a forecast the RMSE over that of
the last value, of other regressions over that of the training mean, of classifications the share of
errors. Of models with seeds the median, and behind it the range. Writes ``accuracy.json`` and
``accuracy.png``. With --spoiled that share of the inputs, in training and test, is -9999, as of a
sensor that fails; with --held-out the tasks are those that no default was tuned on; with --toys
instead: long memory, the LSTM against Elman's network.
"""

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from joblib import Parallel, delayed
from measure import PLAIN_LAYER, PLAIN_NETWORK
from rivals import N_SEEDS, RIVALS, competes
from scipy.stats import rankdata
from tasks import HELD_OUT, TASKS, TOYS, Data, Task, spoil

from sklstm import LSTMClassifier, LSTMRegressor

mpl.use("Agg")
from matplotlib import pyplot as plt

ALL_TASKS = TASKS | HELD_OUT
RESULTS, PICTURE = Path("accuracy.json"), Path("accuracy.png")
GROUPS = {
    "forecasts": ("forecast",),
    "regressions": ("regress",),
    "classifications": ("classify",),
}

# The textbook's network: one direction, one step at a time, its last state alone.
TEXTBOOK = {
    "regress": PLAIN_NETWORK,
    "classify": PLAIN_LAYER
    | {"bidirectional": False, "dropout": 0.0, "differences": False, "random_crop": 0.0},
}


def score(task: Task, data: Data, predicted: Any) -> float:
    """Return what is to be small."""
    if task.kind == "classify":
        return float(np.mean(predicted != data.y_test))
    error = np.sqrt(np.mean((predicted - data.y_test) ** 2))
    simple = np.broadcast_to(np.mean(data.y_train, axis=0), np.shape(data.y_test))
    if task.kind == "forecast":
        last = np.asarray(data.X_test).reshape(len(data.X_test), -1)[:, -1]
        simple = np.broadcast_to(last.reshape(-1, *[1] * (np.ndim(data.y_test) - 1)), simple.shape)
    return float(error / np.sqrt(np.mean((simple - data.y_test) ** 2)))


def run(name: str, rival: str, seed: int, spoiled: float = 0.0) -> dict[str, Any]:
    """Fit one model to one task, a share of whose inputs is spoiled."""
    warnings.simplefilter("ignore")  # other libraries' own
    task = ALL_TASKS[name]
    clean = task.load()
    data = spoil(clean, spoiled) if spoiled else clean
    model = RIVALS[rival](task.kind, seed)
    begin = time.perf_counter()
    model.fit(data.X_train, data.y_train)
    seconds = time.perf_counter() - begin
    loss = score(task, clean, model.predict(data.X_test))
    return {"task": name, "rival": rival, "seed": seed, "score": loss, "seconds": seconds}


def compare(names: list[str], n_seeds: int, spoiled: float) -> list[dict[str, Any]]:
    """Fit all models to all tasks, two at a time."""
    jobs = [
        (name, rival, seed, spoiled)
        for name in names
        for rival in RIVALS
        if competes(rival, ALL_TASKS[name].kind)
        for seed in range(min(n_seeds, N_SEEDS.get(rival, 1)))
    ]
    runs = []
    for one in Parallel(n_jobs=2, return_as="generator")(delayed(run)(*job) for job in jobs):
        runs.append(one)
        RESULTS.write_text(json.dumps(runs, indent=1))  # what there is, if it ends early
    return runs


def medians(runs: list[dict[str, Any]], names: list[str], what: str) -> np.ndarray:
    """Return a table, tasks by rivals; NaN where a rival does not compete."""
    table: dict[tuple[str, str], list[float]] = {}
    for one in runs:
        table.setdefault((one["task"], one["rival"]), []).append(one[what])
    rows = [[np.median(table.get((name, rival), np.nan)) for rival in RIVALS] for name in names]
    return np.array(rows)


def ranks(scores: np.ndarray) -> np.ndarray:
    """Return the mean rank of every rival that competes in all of the tasks."""
    competing = ~np.isnan(scores).any(axis=0)
    mean = np.full(len(competing), np.nan)
    mean[competing] = rankdata(scores[:, competing], axis=1).mean(axis=0)
    return mean


def report(runs: list[dict[str, Any]], names: list[str]) -> None:
    """Print scores, fit seconds, mean ranks, and how many tasks are won."""
    rivals = list(RIVALS)
    scores, seconds = (medians(runs, names, what) for what in ("score", "seconds"))
    heads = "".join(f"{rival:>16}" for rival in rivals)
    print(f"{'task':<20}{heads}{'range of sklstm':>18}{'fit':>8}")
    for name, row, spent in zip(names, scores, seconds, strict=True):
        own = [r["score"] for r in runs if (r["task"], r["rival"]) == (name, "sklstm")]
        cells = "".join(f"{value:>16.3f}" for value in row)
        cells += f"{f'{min(own):.3f} to {max(own):.3f}':>18}"
        print(f"{name:<20}{cells.replace('nan', '   ')}{spent[0]:>6.1f} s")
    print()
    for rival in ("random forest", "plain LSTM"):
        won = (scores[:, 0] <= scores[:, rivals.index(rival)]).sum()
        print(f"no worse than {rival} on {won} of {len(names)} tasks")
    print("mean rank")
    for group, kinds in GROUPS.items():
        chosen = [i for i, name in enumerate(names) if ALL_TASKS[name].kind in kinds]
        if chosen:
            mean = zip(rivals, ranks(scores[chosen]), strict=True)
            told = sorted((rank, rival) for rival, rank in mean if not np.isnan(rank))
            heading = f"{len(chosen)} {group}"
            print(f"  {heading:<20}" + ", ".join(f"{rival} {rank:.2f}" for rank, rival in told))


def draw(runs: list[dict[str, Any]], names: list[str]) -> None:
    """Draw the mean ranks, and each task's rank behind them."""
    scores = medians(runs, names, "score")
    groups = {
        group: [i for i, name in enumerate(names) if ALL_TASKS[name].kind in kinds]
        for group, kinds in GROUPS.items()
    }
    groups = {group: chosen for group, chosen in groups.items() if chosen}
    figure, axes = plt.subplots(len(groups), 1, figsize=(9, 1 + 2.4 * len(groups)), squeeze=False)
    for axis, (group, chosen) in zip(axes[:, 0], groups.items(), strict=True):
        each = rankdata(scores[chosen], axis=1, nan_policy="omit")
        mean = ranks(scores[chosen])
        order = [i for i in np.argsort(-mean) if mean[i] == mean[i]]
        rng = np.random.default_rng(0)
        for place, rival in enumerate(order):
            color = "#d1495b" if list(RIVALS)[rival] == "sklstm" else "#30638e"
            jitter = rng.uniform(-0.18, 0.18, len(chosen))
            axis.plot(each[:, rival], place + jitter, "o", color=color, alpha=0.3, markersize=4)
            axis.plot(mean[rival], place, "D", color=color, markersize=8)
        axis.set_yticks(range(len(order)), [list(RIVALS)[i] for i in order])
        axis.set_title(f"{group}: rank in each of {len(chosen)} tasks, and the mean", loc="left")
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1, 0].set_xlabel("rank, 1 is best")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=130)


def compare_toys() -> None:
    """Print what a plain LSTM and a plain RNN, on their last state alone, make of long memory."""
    for name, task in TOYS.items():
        data = task.load()
        kind = LSTMClassifier if task.kind == "classify" else LSTMRegressor
        for cell in ("lstm", "rnn"):
            begin = time.perf_counter()
            model = kind(cell=cell, random_state=0, **TEXTBOOK[task.kind])
            model.fit(data.X_train, data.y_train)
            seconds = time.perf_counter() - begin
            predicted = model.predict(data.X_test)
            if task.kind == "classify":
                printed = f"errors {np.mean(predicted != data.y_test):.3f}"
            else:
                printed = f"MSE {np.mean((predicted - data.y_test) ** 2):.4f}"
            print(f"{name:<20}{cell:<6}{printed:<16}{seconds:>7.0f} s", flush=True)


def main() -> None:
    """Compare, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", default=[], help="beginnings of names")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--spoiled", type=float, default=0.0, help="share of inputs that are -9999")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--toys", action="store_true")
    options = parser.parse_args()
    if options.toys:
        compare_toys()
        return
    tasks = HELD_OUT if options.held_out else TASKS
    names = [n for n in tasks if not options.tasks or n.startswith(tuple(options.tasks))]
    runs = compare(names, options.seeds, options.spoiled)
    report(runs, names)
    draw(runs, names)


if __name__ == "__main__":
    main()
