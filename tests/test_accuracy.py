"""The short form of ``examples/benchmarks/accuracy.py``: two tasks, one seed."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "examples" / "benchmarks" / "accuracy.py"


def test_the_default_wins_where_it_did(tmp_path):
    arguments = ["--tasks", "airline, 1 ", "damping", "--seeds", "1"]
    run = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert "no worse than random forest on 2 of 2 tasks" in run.stdout
    assert "no worse than plain LSTM on 2 of 2 tasks" in run.stdout
    assert (tmp_path / "accuracy.png").stat().st_size > 10_000
