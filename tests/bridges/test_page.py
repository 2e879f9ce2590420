"""What docs/bridges.md shows runs."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "bridges.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:The default of config:FutureWarning")  # of sktime
def test_examples_run():
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    # as shown, but for the time it takes
    code = code.replace("LSTMRegressor(", "LSTMRegressor(linear_skip=True, ")
    exec(code.replace("random_state=0", "random_state=0, max_epochs=3"), {})


def test_versions_are_those_of_the_requirements():
    pins = (Path(__file__).parent / "requirements.txt").read_text(encoding="utf-8")
    for name in ("sktime", "aeon", "skforecast", "mlforecast", "pandas", "scikit-learn"):
        version = re.search(rf"{name}==(\S+)", pins)[1]
        assert re.search(rf"{name}\s+{re.escape(version)}", PAGE), name
