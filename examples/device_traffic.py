"""Which device sent most of these packets? Forest, LSTM and bidirectional LSTM on traffic.

The experiment of Dong, Li, Tang, Chen and Sun (2020), "Your smart home can't keep a secret:
towards automated fingerprinting of IoT traffic", ASIA CCS, on simulated traffic: an observer
outside of a home sees the packets of all of its devices as one stream, from one address (NAPT) or
even padded and in one tunnel (VPN). With ``--data DIR`` the same models name the devices of
captured packets. Writes ``device_traffic.png``.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from traffic_captures import NUMBERS, SYMBOLS, Samples, load_captures
from traffic_simulator import DEVICES, NAMES, simulate_home, tunnel

from sklstm import LSTMClassifier

mpl.use("Agg")
from matplotlib import pyplot as plt

PUBLISHED = {
    "NAPT": {"RF": 92.2, "LSTM": 97.3, "BLSTM": 99.2},
    "VPN": {"RF": 83.2, "LSTM": 92.4, "BLSTM": 97.7},
}
RUN, CAPTURED_RUN = 40, 20  # packets of a sample
HOURS = 9  # that each home is watched
HOMES = (5, 3)  # to train on, to test on
RUNS, CAPTURED_RUNS = (250, 150), (300, 150)  # of each device, to train on and to test on
# Small enough for a router. At the default width the direction of reading no longer shows.
SMALL = {"hidden_layer_sizes": 8, "max_epochs": 100}
PICTURE = Path("device_traffic.png")


# ---------------------------------------------------------------- samples


def cut(packets: pd.DataFrame) -> Samples:
    """Cut the stream into runs, and keep those with one main sender, which is the label.

    It sent two fifths of the run's packets at least, and twice as many as any other device.
    """
    gaps = packets["time"].diff().fillna(0.0)
    features = packets.drop(columns=["time", "device"]).assign(gap=np.log10(gaps + 1e-4))
    n_runs = len(packets) // RUN
    runs = features.to_numpy(dtype=float)[: n_runs * RUN].reshape(n_runs, RUN, -1)
    senders = packets["device"].to_numpy()[: n_runs * RUN].reshape(n_runs, RUN)
    counts = (senders[:, :, None] == np.arange(len(NAMES))).sum(axis=1)  # (runs, devices)
    second, first = np.sort(counts, axis=1)[:, -2:].T
    main = counts.argmax(axis=1)
    kept = (first >= 0.4 * RUN) & (first >= 2 * second) & (main < len(DEVICES))
    return runs[kept], np.array(NAMES)[main[kept]]


def thin(samples: Samples, most: int) -> Samples:
    """Take so many samples of each label at most, evenly spread over time."""
    X, y = samples
    taken = []
    for label in np.unique(y):
        places = np.flatnonzero(y == label)
        taken.append(places[np.linspace(0, len(places) - 1, min(most, len(places))).astype(int)])
    kept = np.sort(np.concatenate(taken))
    return X[kept], y[kept]


def simulate(seed: int, hours: float = HOURS) -> dict[str, list[Samples]]:
    """Return samples to train on and to test on, as seen behind NAPT and through a VPN.

    No home is in both parts. The runs of the two scenarios are the same, seen in two ways.
    """
    scenarios: dict[str, list[Samples]] = {"NAPT": [], "VPN": []}
    for part, (n_homes, most) in enumerate(zip(HOMES, RUNS, strict=True)):
        homes = [simulate_home(hours, (seed, part, home)) for home in range(n_homes)]
        tunnels = [tunnel(packets, (seed, part, home)) for home, packets in enumerate(homes)]
        for name, streams in (("NAPT", homes), ("VPN", tunnels)):
            X, y = zip(*map(cut, streams), strict=True)
            scenarios[name].append(thin((np.concatenate(X), np.concatenate(y)), most))
    return scenarios


# ---------------------------------------------------------------- models


class Counts(TransformerMixin, BaseEstimator):
    """How often each value of each feature comes in a run; or each pair of consecutive sizes.

    Of features with more than 32 values, such as sizes, intervals between quantiles are counted.
    """

    def __init__(self, pairs: bool = False) -> None:
        self.pairs = pairs

    def fit(self, X: Any, y: Any = None) -> "Counts":
        self.edges_ = []
        for column in X.reshape(-1, X.shape[2]).T:
            values = np.unique(column)
            few = len(values) <= 32
            cuts = values if few else np.unique(np.quantile(column, np.arange(32) / 32))
            self.edges_.append(cuts[1:])
        return self

    def transform(self, X: Any) -> Any:
        bins = [np.searchsorted(edges, X[:, :, i], "right") for i, edges in enumerate(self.edges_)]
        widths = [len(edges) + 1 for edges in self.edges_]
        if self.pairs:
            bins, widths = [bins[0][:, :-1] * widths[0] + bins[0][:, 1:]], [widths[0] ** 2]
        return np.hstack(
            [
                np.apply_along_axis(np.bincount, 1, kinds, minlength=width)
                for kinds, width in zip(bins, widths, strict=True)
            ]
        )


def flatten(X: NDArray[np.float64]) -> NDArray[np.float64]:
    return X.reshape(len(X), -1)


def sign_sizes(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make the sizes of packets that come in negative, so that one question tells both."""
    signed = X.copy()
    signed[:, :, 0] *= 2 * X[:, :, 1] - 1
    return signed


def make_forests(seed: int, view: Callable[..., Any] | None = None) -> dict[str, ClassifierMixin]:
    """Return a forest for each form of its input, all of them of the runs as in `view`."""
    forms = {
        "packets": FunctionTransformer(flatten),
        "counts": Counts(),
        "pairs": Counts(pairs=True),
    }
    return {
        name: make_pipeline(
            FunctionTransformer(view),
            form,
            RandomForestClassifier(300, random_state=seed, n_jobs=1),
        )
        for name, form in forms.items()
    }


def make_networks(seed: int, symbols: list[int], **sizes: int) -> dict[str, ClassifierMixin]:
    """Return the networks, which differ in nothing but the direction of reading."""
    return {
        name: LSTMClassifier(
            bidirectional=bidirectional, categorical_features=symbols, random_state=seed, **sizes
        )
        for name, bidirectional in {"LSTM": False, "BLSTM": True}.items()
    }


def score(models: dict[str, ClassifierMixin], train: Samples, test: Samples) -> pd.DataFrame:
    """Return the accuracy in percent, a row a device and a column a model."""
    X, y = test
    right = {name: model.fit(*train).predict(X) == y for name, model in models.items()}
    return 100 * pd.DataFrame(right).groupby(y).mean()


def compare(
    forests: dict[str, ClassifierMixin],
    networks: dict[str, ClassifierMixin],
    train: Samples,
    test: Samples,
) -> tuple[pd.DataFrame, "pd.Series[float]"]:
    """Return the table of the three models, and the average of every forest.

    The table shows the better of the forests on packets and on counts.
    """
    of_forests = score(forests, train, test)
    best = of_forests[["packets", "counts"]].mean().idxmax()
    table = score(networks, train, test)
    table.insert(0, "RF", of_forests[best])
    return table, of_forests.mean()


# ---------------------------------------------------------------- output


def print_table(tables: dict[str, pd.DataFrame]) -> None:
    """Print the scenarios side by side, a row a device; below, the published averages."""
    table = pd.concat(tables, axis=1)
    rows = {**table.T, "average": table.mean()}
    if PUBLISHED.keys() == tables.keys():
        rows["published"] = [PUBLISHED[name][model] for name, model in table.columns]
    width = max(map(len, rows)) + 4
    print(" " * width + "".join(f"{name:^24}" for name in tables).rstrip())
    print(f"{'accuracy, %':<{width}}" + "".join(f"{model:>8}" for _, model in table.columns))
    for name, values in rows.items():
        print(f"{name:<{width}}" + "".join(f"{value:>8.1f}" for value in values))


def print_forests(averages: dict[str, "pd.Series[float]"]) -> None:
    """Print what the forms of the forest's input are worth."""
    print("\nThe forest's average by its input; the table shows the better of the first two:")
    for form, name in {
        "packets": "packets side by side",
        "counts": "counts of values",
        "pairs": "counts of pairs of consecutive sizes",
    }.items():
        values = (f"{scenario} {average[form]:.1f}" for scenario, average in averages.items())
        print(f"  {name:<40}{', '.join(values)}")


def draw(tables: dict[str, pd.DataFrame]) -> None:
    """Draw the accuracy of every device, a panel a scenario."""
    colors = {"RF": "#30638e", "LSTM": "#edae49", "BLSTM": "#d1495b"}
    labels = {"RF": "random forest", "LSTM": "LSTM", "BLSTM": "bidirectional LSTM"}
    figure, axes = plt.subplots(1, len(tables), figsize=(10, 5), sharex=True, sharey=True)
    for axis, (name, table) in zip(axes, tables.items(), strict=True):
        rows = pd.concat([table, table.mean().rename("average").to_frame().T])
        places = np.arange(len(rows), 0, -1)
        for shift, (model, color) in zip((0.2, 0, -0.2), colors.items(), strict=True):
            axis.scatter(rows[model], places + shift, s=36, color=color, label=labels[model])
            axis.scatter(PUBLISHED[name][model], shift, s=36, facecolor="none", edgecolor=color)
        axis.axhline(1.5, color="0.6", linewidth=0.8)
        axis.set_yticks([*places, 0], [*rows.index, "published"])
        axis.set_title(name, loc="left")
        axis.set_xlabel("accuracy (%)")
        axis.tick_params(left=False)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.grid(axis="y", color="0.92")
        axis.set_axisbelow(True)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="upper right", frameon=False, ncols=3)
    figure.suptitle(f"Simulated traffic: who sent most of {RUN} packets?", x=0.02, ha="left")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=130)


# ---------------------------------------------------------------- the two experiments


def run_on_simulated(seed: int) -> None:
    """Compare the models in both scenarios, and hold the order of their averages."""
    print("All of this traffic is simulated; the published figures are of captured traffic.\n")
    tables, averages = {}, {}
    for name, (train, test) in simulate(seed).items():
        symbols = [1, 2] if name == "NAPT" else [1]  # direction and protocol, which a VPN hides
        models = make_forests(seed, sign_sizes), make_networks(seed, symbols, **SMALL)
        tables[name], averages[name] = compare(*models, train, test)
        tables[name] = tables[name].loc[list(DEVICES)]
    print_table(tables)
    print_forests(averages)
    draw(tables)
    print(f"\nAccuracy by device: {PICTURE}")
    for name, table in tables.items():
        forest, one_way, both_ways = table.mean()
        if not forest < one_way < both_ways:
            raise SystemExit(f"{name}: the order is not forest < LSTM < bidirectional LSTM.")


def run_on_captures(folder: Path, seed: int) -> None:
    """Compare the models, the networks with their defaults, on the packets of each device."""
    train, test = (
        thin(samples, most)
        for samples, most in zip(load_captures(folder, CAPTURED_RUN), CAPTURED_RUNS, strict=True)
    )
    print(
        f"{len(train[1])} runs of {CAPTURED_RUN} packets to train on, {len(test[1])} to test on\n"
    )
    symbols = [len(NUMBERS) + number for number in range(len(SYMBOLS))]
    table, average = compare(make_forests(seed), make_networks(seed, symbols), train, test)
    print_table({"captures": table})
    print_forests({"captures": average})


def main() -> None:
    """Run the experiment on simulated traffic, or on the captures that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, metavar="DIR", help="CSV files of IoTDevID's layout")
    parser.add_argument("--seed", type=int, default=0, help="of simulator and models (default: 0)")
    arguments = parser.parse_args()
    if arguments.data is None:
        run_on_simulated(arguments.seed)
        return
    try:
        run_on_captures(arguments.data, arguments.seed)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
