import json
import math

import pytest

from sklstm._optional import import_optional


@pytest.mark.parametrize(("name", "module"), [("math", math), ("json", json)])
def test_import_of_what_is_there(name, module):
    assert import_optional(name, extra="plot", purpose="this test") is module


def test_a_submodule_is_returned_itself():
    assert import_optional("json.decoder", extra="plot", purpose="x") is json.decoder


def test_error_says_who_needs_what_and_how_to_install_it():
    with pytest.raises(ImportError) as caught:
        import_optional("no_such_package.part", extra="plot", purpose="ForecastDisplay.plot")
    message = str(caught.value)
    assert message.startswith("ForecastDisplay.plot needs the package 'no_such_package'")
    assert "pip install 'sklstm[plot]'" in message
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
