"""sklstm with its defaults: scaling, clipping and a schedule of the learning rate come on top."""

from typing import Any, ClassVar

from peers import sklstm

PACKAGES = sklstm.PACKAGES


class Peer(sklstm.Peer):
    options: ClassVar[dict[str, Any]] = {}
