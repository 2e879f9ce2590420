"""What docs/serving.md shows runs."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "serving.md"


def test_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(
        re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    )
    found = {}
    exec(code, found)
    assert found["states"]["h"].shape == (200, 24, 64)
    assert found["x"].shape == (200, 24, 2)
    assert found["last"].shape == ()
