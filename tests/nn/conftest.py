import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def reference():
    """The cells in NumPy."""
    path = Path(__file__).with_name("recurrent_reference.py")
    spec = spec_from_file_location("recurrent_reference", path)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)
