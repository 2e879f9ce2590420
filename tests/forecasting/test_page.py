"""What docs/forecasting.md shows runs."""

import re
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

PAGE = (Path(__file__).parents[2] / "docs" / "forecasting.md").read_text(encoding="utf-8")


def test_examples_run():
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    # as shown, but for the time it takes
    quick = "LSTMRegressor(4, max_epochs=1, linear_skip=False, random_state=0)"
    names = {}
    exec(re.sub(r"LSTMRegressor\([^)]*random_state=0\)", quick, code), names)
    plt.close("all")
    assert names["scores"]["mase"].notna().all()
    assert len(names["lower"]) == 12
