"""The scripts, as modules."""

import importlib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def load():
    """Import modules of the folder of examples, as the scripts there do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        yield importlib.import_module


@pytest.fixture(scope="module")
def example(load, request):
    """Return the script that a file of tests is named after."""
    return load(request.path.stem.removeprefix("test_"))
