"""Speed and memory of training and prediction, beside other libraries on the same work.

    python examples/benchmarks/training.py [--cases small|large|all] [--threads 1]
        [--python keras=PATH ...] [--output FILE] [--quick]

Each peer (see `peers`) runs in a process of its own, in the environment that `--python` names for
it; one that cannot be imported there is left out. After a first, cold fit each, the peers take
turns, in an order that moves on from round to round, and figures are medians over the rounds.
Not all libraries keep to `--threads` in all they do; how many cores they kept busy is printed, and
``taskset`` holds them to it. GPUs are hidden.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from peers.cases import Case

PEERS = [
    "sklstm",
    "torch_loop",
    "sklstm_defaults",
    "torch_dataloader",
    "skorch_defaults",
    "skorch_tuned",
    "keras",
    "keras_jit",
    "darts",
    "neuralforecast",
]
SIZES = {  # batch, timesteps, hidden
    "small": [(32, 24, 32), (32, 24, 64), (64, 50, 64), (128, 50, 64)],
    "large": [(256, 24, 32), (256, 50, 64), (128, 100, 128), (256, 100, 128)],
}
N_BATCHES = {"small": 40, "large": 16}
THREADS = [
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
]
WORKER = Path(__file__).with_name("worker.py")

# What a worker says at its start, and the figures of the rounds; or why the peer is out.
Outcome = dict[str, Any]
Result = dict[str, Any]  # a case, and its peers' outcomes
Cell = Callable[[Result, str], str]  # prints what a table says of a peer


class Worker:
    """A peer's process."""

    def __init__(self, peer: str, python: str, case: Case, n_threads: int) -> None:
        threads = dict.fromkeys(THREADS, str(n_threads))
        self.process = subprocess.Popen(
            [python, WORKER, peer, json.dumps(asdict(case)), str(n_threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **threads, "CUDA_VISIBLE_DEVICES": "-1"},
        )

    def ask(self, request: Any) -> Any:
        """Return the answer to a request."""
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> Any:
        """Return the next answer."""
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"failed": "The process has ended."}

    def close(self) -> None:
        """End the process once it has answered."""
        self.process.communicate()


def measure(case: Case, options: argparse.Namespace) -> Result:
    """Run all rounds of a case; return the peers' outcomes and the rates of matrix products."""
    outcomes: dict[str, Outcome] = {}
    rates = []
    with ExitStack() as stack:
        workers = {}
        for peer in options.peers:
            python = options.python.get(peer, sys.executable)
            workers[peer] = worker = Worker(peer, python, case, options.threads)
            stack.callback(worker.close)
            outcomes[peer] = {**worker.answer(), "rounds": []}
        for number in range(options.rounds):
            print(f"{case.name}, round {number + 1}", file=sys.stderr)
            shift = number % len(options.peers)
            for peer in options.peers[shift:] + options.peers[:shift]:
                outcome = outcomes[peer]
                if not took_part(outcome):
                    continue
                answer = workers[peer].ask(options.epochs)
                if "failed" in answer:
                    outcome.update(answer)
                else:
                    outcome["rounds"].append(answer)
            rates.append(workers["torch_loop"].ask("gemm"))
    return {"case": asdict(case), "peers": outcomes, "gemm_rates": rates}


def took_part(outcome: Outcome) -> bool:
    """Return whether a peer was there and has not failed."""
    return "missing" not in outcome and "failed" not in outcome


def middle(outcome: Outcome, key: str, fits: str = "rounds") -> float:
    """Return the median over the rounds, or of the one cold fit."""
    return median(figures[key] for figures in outcome[fits])


def print_table(title: str, results: list[Result], cell: Cell) -> None:
    """Print a line a peer, and a column a case."""
    print(f"\n{title}")
    names = [Case(**result["case"]).name for result in results]
    print(" " * 18 + "".join(f"{name:>13}" for name in names))
    for peer in results[0]["peers"]:
        cells = [
            cell(result, peer) if took_part(result["peers"][peer]) else "-" for result in results
        ]
        if set(cells) != {"-"}:
            print(f"{peer:<18}" + "".join(f"{text:>13}" for text in cells))


def ratio(key: str, fits: str = "rounds") -> Cell:
    """Return what prints a peer's time in units of sklstm's."""

    def cell(result: Result, peer: str) -> str:
        own, unit = (middle(result["peers"][name], key, fits) for name in (peer, "sklstm"))
        return f"{own / unit:.2f}"

    return cell


def memory(result: Result, peer: str) -> str:
    """Print by how much one fit and prediction raise the peak of the imports, and to what."""
    outcome = result["peers"][peer]
    peak = middle(outcome, "peak", "cold")
    return f"{peak - outcome['imports']:.0f} ({peak:.0f})"


def figure(key: str) -> Cell:
    """Return what prints a figure as it is."""
    return lambda result, peer: f"{middle(result['peers'][peer], key):.3f}"


def share(result: Result, peer: str) -> str:
    """Print the rate of training as a share of that of large matrix products."""
    if peer not in ("sklstm", "torch_loop"):
        return "-"
    rate = Case(**result["case"]).flops / middle(result["peers"][peer], "steady")
    return f"{rate / median(result['gemm_rates']):.0%}"


def report(results: list[Result]) -> None:
    """Print all tables."""
    for result in results:
        for peer, outcome in result["peers"].items():
            if "failed" in outcome:
                print(f"{peer} failed at {Case(**result['case']).name}:\n{outcome['failed']}\n")
    results = [result for result in results if took_part(result["peers"]["sklstm"])]
    for peer, outcome in results[0]["peers"].items():
        versions = " ".join(f"{name} {v}" for name, v in outcome.get("versions", {}).items())
        print(f"{peer:<18}{'not installed' if 'missing' in outcome else versions}")
    print("\nColumns are batch x timesteps x hidden units. Times are in units of sklstm's.")
    print_table("An epoch, after the first", results, ratio("steady"))
    print_table("The first epoch, from the call of fit", results, ratio("first"))
    print_table("The same, of the first fit in a process", results, ratio("first", "cold"))
    print_table("Prediction of the training windows, the second time", results, ratio("predict"))
    print_table("Peak memory in MB above that of the imports (in all)", results, memory)
    print_table(
        "Mean squared error after training (1: forecast of the mean)", results, figure("error")
    )
    print_table("Cores kept busy by a fit", results, figure("cores"))
    print_table("Share of the rate of a large matrix product, in training", results, share)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", choices=[*SIZES, "all"], default="all")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4, help="at least 2")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PEER=PATH",
        help="interpreter of a peer's own environment; can be repeated",
    )
    parser.add_argument("--output", type=Path, help="where to write all figures, as JSON")
    parser.add_argument("--quick", action="store_true", help="a smoke run, too short to compare by")
    options = parser.parse_args()
    options.python = dict(pair.split("=", 1) for pair in options.python)
    if options.quick:
        options.rounds = options.epochs = 2
    # the measure of the others, and of the machine
    options.peers = list(dict.fromkeys([*PEERS[:2], *options.peers]))
    return options


def main() -> None:
    """Run the cases, and print tables."""
    options = parse()
    groups = list(SIZES) if options.cases == "all" else [options.cases]
    results = []
    for group in groups:
        n_batches = 4 if options.quick else N_BATCHES[group]
        for size in SIZES[group]:
            results.append(measure(Case(*size, n_batches), options))
            if options.output:
                options.output.write_text(json.dumps(results, indent=1))
    report(results)


if __name__ == "__main__":
    main()
