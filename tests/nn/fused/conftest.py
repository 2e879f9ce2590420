import pytest

from sklstm import _compiled


@pytest.fixture(params=_compiled.INSTRUCTION_SETS)
def kernel(request):
    """Each of the kernels that run here."""
    found = [k for k in _compiled.kernels() if k.instruction_set == request.param]
    if not found:
        pytest.skip(f"not built here, or not on a processor with {request.param}")
    return found[0]


@pytest.fixture
def _any_kernel():
    """Skip a test where nothing is compiled."""
    if not _compiled.kernels():
        pytest.skip("no kernel here")
