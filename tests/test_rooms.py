"""What the import contract cannot say."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sklstm"
FILES = [path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nobody_imports_the_top(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.module != "sklstm"
        elif isinstance(node, ast.Import):
            assert all(name.name != "sklstm" for name in node.names)


def loaded_after(code):
    """Return which packages that not everybody needs a fresh interpreter has loaded."""
    names = "skorch", "matplotlib", "pandas", "sklstm.training.net"
    report = f"import sys; print(*[name for name in {names} if name in sys.modules])"
    command = [sys.executable, "-c", f"{code}; {report}"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_importing_loads_no_more_than_torch_and_scikit_learn_do():
    assert loaded_after("import sklstm") == loaded_after("import torch, sklearn")


def test_skorch_is_loaded_by_fit():
    fit = "import sklstm; sklstm.LSTMRegressor(2, max_epochs=1).fit([[1, 2], [3, 4]], [1, 2])"
    assert {"skorch", "sklstm.training.net"} <= loaded_after(fit)
