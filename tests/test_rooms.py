"""What the import contract cannot say."""

import ast
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
