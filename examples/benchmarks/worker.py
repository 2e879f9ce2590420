"""One peer in a process of its own, which `training.py` talks to.

    python worker.py PEER CASE THREADS

A line of JSON comes in, and one goes out. The first to go out comes unasked: which versions are at
work, the peak after imports and the figures of a first, cold fit; or why there are none.
"""

import json
import os
import sys
import traceback
from importlib import import_module
from statistics import median
from time import perf_counter, process_time
from types import ModuleType
from typing import Any

import numpy as np
from measure import peak
from peers.cases import Case


def load(name: str, n_threads: int) -> ModuleType:
    """Return the peer's module; torch, if it came with it, is held to the number of threads."""
    module = import_module(f"peers.{name}")
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(n_threads)
    return module


def train(peer: Any, n_epochs: int) -> dict[str, float]:
    """Fit once, and predict twice; times are in seconds."""
    begin, begin_cpu = perf_counter(), process_time()
    ends = peer.fit(n_epochs)
    fitted, fitted_cpu = perf_counter(), process_time()
    forecasts = peer.predict()  # not timed: a library may compile on the first call
    begin_predict = perf_counter()
    peer.predict()
    predicted = perf_counter()
    return {
        "first": ends[0] - begin,
        "steady": median(np.diff(ends)),
        "predict": predicted - begin_predict,
        "cores": (fitted_cpu - begin_cpu) / (fitted - begin),
        "error": float(np.mean((forecasts - peer.y) ** 2)),
        "peak": peak(),
    }


def answers(name: str, case: str, n_threads: str) -> Any:
    """Yield what there is to say of the start, and then one answer to every request."""
    try:
        module = load(name, int(n_threads))
    except ImportError as error:
        yield {"missing": str(error)}
        return
    versions = {name: sys.modules[name].__version__ for name in module.PACKAGES}
    imports = peak()
    peer = module.Peer(Case(**json.loads(case)))
    yield {"versions": versions, "imports": imports, "cold": [train(peer, 2)]}
    for line in sys.stdin:
        request = json.loads(line)
        yield module.gemm_rate() if request == "gemm" else train(peer, request)


def main() -> None:
    """Answer until the requests end."""
    # What a library prints goes elsewhere: it must not be taken for an answer.
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        try:
            for answer in answers(*sys.argv[1:]):
                print(json.dumps(answer), file=out, flush=True)
        except Exception:
            print(json.dumps({"failed": traceback.format_exc()}), file=out, flush=True)


if __name__ == "__main__":
    main()
