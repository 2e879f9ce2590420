"""The one part of the package that is compiled; all else is said in pyproject.toml."""

from pathlib import Path

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "sklstm._compiled._kernels",
            ["sklstm/_compiled/kernels.c"],
            depends=sorted(str(path) for path in Path("sklstm/_compiled").glob("*.h")),
            extra_compile_args=["-O3", "-std=gnu11", "-fno-math-errno", "-fvisibility=hidden"],
            # Without a compiler the package installs all the same, and torch's layers do the work.
            optional=True,
        )
    ]
)
