"""Time of an epoch and peak memory against rows, window and hidden units.

    python examples/benchmarks/scaling.py [--max-rows 10000000] [--threads 1] [--quick]

LSTMRegressor on windows of a random walk of 4 features, told to predict the next row; batches of
256, one epoch, each fit in a process of its own. One of the three is varied, the others stay at
100,000 rows (or --max-rows, if less), a window of 20 and 16 units. Prints a table and draws
``scaling.png``. The epoch on 10,000,000 rows takes minutes and some GB of memory.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from measure import MB, PLAIN_NETWORK, peak

from sklstm import LSTMRegressor, SlidingWindowTransformer

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

N_FEATURES = 4
BATCH = 256
USUAL = {"rows": 100_000, "window": 20, "hidden": 16}
VARIED = {
    "rows": [1_000, 10_000, 100_000, 1_000_000, 10_000_000],
    "window": [10, 20, 50, 100, 200, 500],
    "hidden": [16, 32, 64, 128, 256],
}
LABELS = {"rows": "rows of the series", "window": "rows of a window", "hidden": "hidden units"}
PHRASES = {"rows": "{:,} rows", "window": "windows of {}", "hidden": "{} units"}
BLUE, RED, GREY = "#30638e", "#d1495b", "0.6"
PICTURE = Path("scaling.png")


def fit_once(rows: int, window: int, hidden: int) -> dict[str, float]:
    """Fit one epoch in this process; return its seconds, those of the whole fit, and the peak."""
    rng = np.random.default_rng(0)
    series = rng.standard_normal((rows + 1, N_FEATURES), dtype=np.float32)
    np.cumsum(series, axis=0, out=series)
    X, y = series[:-1], series[1:, 0]
    windows = SlidingWindowTransformer(window).fit_transform(X)
    model = LSTMRegressor(hidden, max_epochs=1, batch_size=BATCH, random_state=0, **PLAIN_NETWORK)
    model.fit(windows[:BATCH], y[:BATCH])  # what torch loads on its first step
    begin = time.perf_counter()
    model.fit(windows, y)
    seconds = time.perf_counter() - begin
    return {"epoch": model.history_[-1, "dur"], "fit": seconds, "peak": peak()}


def fit_apart(threads: int, **sizes: int) -> dict[str, float]:
    """Fit in a process of its own; return what was measured, with the sizes."""
    arguments = ["--threads", str(threads), "--fit", json.dumps(sizes)]
    run = subprocess.run(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return sizes | json.loads(run.stdout)


def measure_all(options: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """Vary one size after the other; print a line a fit."""
    usual = USUAL | {"rows": min(USUAL["rows"], options.max_rows)}
    columns = f"{'epoch':>12}{'a window':>13}{'fit':>12}{'peak':>12}"
    print(f"{'rows':>12}{'window':>8}{'hidden':>8}{columns}")
    results: dict[str, list[dict[str, float]]] = {}
    for name, values in VARIED.items():
        chosen = [size for size in values if name != "rows" or size <= options.max_rows]
        results[name] = []
        for size in chosen[: 3 if options.quick else None]:
            result = fit_apart(options.threads, **usual | {name: size})
            results[name].append(result)
            print_line(result)
    return results


def print_line(result: dict[str, float]) -> None:
    """Print the sizes of a fit, and what was measured."""
    window = result["epoch"] / result["rows"] * 1e6
    print(
        f"{result['rows']:>12,}{result['window']:>8}{result['hidden']:>8}{result['epoch']:>10.2f} s"
        f"{window:>10.1f} µs{result['fit']:>10.2f} s{result['peak']:>9.0f} MB",
        flush=True,
    )


def copied(result: dict[str, float]) -> float:
    """Return the size of the windows if they were copied, in MB."""
    return result["rows"] * result["window"] * N_FEATURES * 4 / MB


def draw(results: dict[str, list[dict[str, float]]], imports: float) -> None:
    """Draw times above and memory below, a column for each size that was varied."""
    figure, axes = plt.subplots(2, 3, figsize=(12, 7), sharex="col", sharey="row")
    for (name, points), (above, below) in zip(results.items(), axes.T, strict=True):
        sizes = np.array([point[name] for point in points])
        draw_time(above, sizes, np.array([point["epoch"] for point in points]))
        draw_memory(below, sizes, points, imports)
        above.set_title(describe_rest(name, points[0]), loc="left", fontsize=10)
        below.set_xlabel(LABELS[name])
        below.set_xticks(sizes)
        below.xaxis.set_major_formatter(EngFormatter(sep=""))  # 1k, 10k, 100k, 1M
        below.xaxis.minorticks_off()
    format_axes(axes)
    figure.suptitle("One epoch of LSTMRegressor on windows of a series", x=0.02, ha="left")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=130)


def format_axes(axes: Any) -> None:
    """Label the vertical axes, which a row shares, and place the legends where there is room."""
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.grid(color="0.92")
    time_axis, memory_axis = axes[:, 0]
    time_axis.set_ylabel("seconds an epoch")
    time_axis.yaxis.set_major_formatter("{x:g}")
    memory_axis.set_ylabel("peak memory of the process (MB)")
    memory_axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    memory_axis.yaxis.set_major_formatter("{x:,.0f}")
    memory_axis.set_ylim(bottom=100)  # smaller copies are of no interest
    axes[0, 0].legend(loc="upper left", frameon=False)
    axes[1, 2].legend(loc="lower left", frameon=False)


def describe_rest(varied: str, point: dict[str, float]) -> str:
    """Return the sizes that stay in a column, for its title."""
    return ", ".join(PHRASES[name].format(point[name]) for name in VARIED if name != varied)


def draw_time(axis: Any, sizes: Any, seconds: Any) -> None:
    """Draw the times, and a line through the last that is proportional to the size."""
    axis.loglog(sizes, seconds[-1] * sizes / sizes[-1], "--", color=GREY, label="linear")
    axis.loglog(sizes, seconds, "o-", color=BLUE, label="epoch")


def draw_memory(axis: Any, sizes: Any, points: list[dict[str, float]], imports: float) -> None:
    """Draw the peaks, and what the windows alone would take if they were copied."""
    axis.axhline(imports, color=GREY, linestyle=":", label="imports")
    copies = [copied(point) for point in points]
    axis.loglog(sizes, copies, "--", color=RED, label="windows, if copied")
    axis.loglog(sizes, [point["peak"] for point in points], "o-", color=BLUE, label="peak")


def main() -> None:
    """Measure all, or, as a process that was started for it, fit once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--max-rows", type=int, default=10_000_000, help="at least 1,000")
    parser.add_argument("--threads", type=int, default=1, help="most that a fit may use")
    parser.add_argument("--quick", action="store_true", help="three small sizes of each")
    parser.add_argument("--fit", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fit:
        torch.set_num_threads(options.threads)
        print(json.dumps(fit_once(**json.loads(options.fit))))
        return
    if options.quick:
        options.max_rows = min(options.max_rows, 10_000)
    imports = peak()
    draw(measure_all(options), imports)
    print(f"\nimports {imports:.0f} MB. Drawn: {PICTURE}")


if __name__ == "__main__":
    main()
