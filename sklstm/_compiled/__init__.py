"""Compiled code: C sources, and the library built of them; without torch or numpy."""

from sklstm._compiled.library import INSTRUCTION_SETS, Kernel, Scan, Summary, kernels

__all__ = ["INSTRUCTION_SETS", "Kernel", "Scan", "Summary", "kernels"]
