"""Keras compiled by XLA, which Keras leaves off by default on a CPU; often the faster of the two.

Compiling may go on into the second epoch.
"""

from typing import Any, ClassVar

from peers import keras

PACKAGES = keras.PACKAGES


class Peer(keras.Peer):
    options: ClassVar[dict[str, Any]] = {"jit_compile": True}
