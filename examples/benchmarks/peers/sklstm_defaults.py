"""sklstm with its training's defaults: scaling, clipping and a schedule come on top."""

from typing import Any, ClassVar

from measure import PLAIN_NETWORK

from peers import sklstm

PACKAGES = sklstm.PACKAGES


class Peer(sklstm.Peer):
    options: ClassVar[dict[str, Any]] = PLAIN_NETWORK
