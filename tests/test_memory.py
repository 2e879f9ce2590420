"""Windows are views from end to end: the short form of ``examples/benchmarks/memory.py``."""

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "examples" / "benchmarks" / "memory.py"


def test_an_epoch_on_long_windows_takes_a_fraction_of_their_size():
    arguments = ["--rows", "150000", "--window", "100", "--hidden", "4"]
    printed = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=True
    ).stdout
    sizes = {
        line[:34].strip(): float(re.search(r"(\d+) MB", line)[1]) for line in printed.splitlines()
    }
    assert sizes["windows, if they were copied"] == 480
    assert sizes["peak after predicting all"] - sizes["imports"] < 150
