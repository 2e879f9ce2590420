"""Simulated traffic of smart homes: ten kinds of device, seen behind NAPT or through a VPN.

A device has a grammar of packets. Its heartbeat recurs, its event is triggered at random times;
both are phrases of packets, of other phrases, and of repetitions of them. The devices of a family
speak one protocol and share their building blocks and nearly their sizes; what tells them
apart is above all who speaks first, and what follows what.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

PROTOCOLS = ("TCP", "TLS", "UDP", "DNS", "NTP", "HTTP")
SMALLEST, LARGEST = 52, 1500  # bytes of an IP packet: an empty TCP segment, a full frame


@dataclass(frozen=True)
class Packet:
    """One packet: the mean and spread of its bytes, and the usual seconds since the one before."""

    protocol: str
    outward: bool
    size: int
    spread: int
    gap: float


@dataclass(frozen=True)
class Phrase:
    """Parts in their order, the whole of it repeated between `low` and `high` times."""

    parts: tuple["Packet | Phrase", ...]
    low: int
    high: int


@dataclass(frozen=True)
class Device:
    """A heartbeat every `period` seconds, and an event at random times."""

    heartbeat: Phrase
    period: float
    event: Phrase


# Seconds: packets sent in one go, the answer of a server, of an application, of a person.
BURST, ANSWER, WORK, PAUSE = 0.003, 0.04, 0.15, 0.5


def up(protocol: str, size: int, spread: int = 0, gap: float = ANSWER) -> Packet:
    return Packet(protocol, True, size, spread, gap)


def down(protocol: str, size: int, spread: int = 0, gap: float = ANSWER) -> Packet:
    return Packet(protocol, False, size, spread, gap)


def phrase(*parts: Packet | Phrase, times: tuple[int, int] = (1, 1)) -> Phrase:
    return Phrase(parts, *times)


def maybe(*parts: Packet | Phrase) -> Phrase:
    return Phrase(parts, 0, 1)


ACK_UP, ACK_DOWN = up("TCP", 52, gap=BURST), down("TCP", 52)
LOOKUP = phrase(up("DNS", 64, 8, PAUSE), down("DNS", 140, 40))
CLOCK = phrase(up("NTP", 76, 0, PAUSE), down("NTP", 76))
BINDING = phrase(up("UDP", 108, 8, PAUSE), down("UDP", 92, 8))
PING = phrase(up("TLS", 83, 4, PAUSE), down("TLS", 83, 4), ACK_UP)
OPENING = phrase(
    *(up("TCP", 60, 0, PAUSE), down("TCP", 60), ACK_UP),
    *(up("TLS", 560, 20, BURST), down("TLS", 1500), down("TLS", 1180, 120, BURST)),
    *(up("TLS", 180, 20), down("TLS", 103)),
)


def report(size: int) -> Phrase:
    """Tell the broker something."""
    return phrase(up("TLS", size, 12, WORK), ACK_DOWN)


def command(size: int) -> Phrase:
    """Be told something by the broker."""
    return phrase(down("TLS", size, 12, WORK), ACK_UP)


def upload(rest: int) -> Phrase:
    """Send a chunk of sound or pictures: a full packet and the rest."""
    return phrase(up("TLS", 1500), up("TLS", rest, 100, BURST), ACK_DOWN)


def download(rest: int) -> Phrase:
    """Receive such a chunk."""
    return phrase(down("TLS", 1500), down("TLS", rest, 100, BURST), ACK_UP)


def ask(size: int) -> Phrase:
    """Ask a web server."""
    return phrase(up("HTTP", size, 20, PAUSE), ACK_DOWN)


def page(size: int) -> Phrase:
    """Get a page of data."""
    return phrase(down("HTTP", size, 80), ACK_UP)


def form(size: int) -> Phrase:
    """Send a page of data."""
    return phrase(up("HTTP", size, 80), ACK_DOWN)


DEVICES = {
    # The family of a message broker: a plug tells its state after each order, a thermostat gets
    # an answer to each reading; a bulb gets orders and a scale tells readings two at a time.
    "plug": Device(PING, 30, phrase(command(190), report(235), times=(3, 6))),
    "thermostat": Device(
        phrase(PING, maybe(CLOCK)), 40, phrase(report(250), command(205), times=(3, 6))
    ),
    "bulb": Device(
        PING, 30, phrase(command(205), command(205), report(215), report(215), times=(2, 3))
    ),
    "scale": Device(
        phrase(PING, maybe(CLOCK)),
        60,
        phrase(
            maybe(LOOKUP),
            phrase(report(255), report(255), command(190), command(190), times=(2, 3)),
        ),
    ),
    # The family of sound and pictures: a camera gets data after each chunk, a doorbell first
    # fetches what it says and then sends who rang, a speaker first sends and then fetches.
    "camera": Device(
        BINDING, 25, phrase(maybe(BINDING), phrase(upload(1000), download(500), times=(2, 4)))
    ),
    "doorbell": Device(
        BINDING,
        25,
        phrase(
            maybe(BINDING),
            phrase(download(600), download(600), upload(900), upload(900), times=(1, 2)),
        ),
    ),
    "speaker": Device(
        PING,
        30,
        phrase(
            maybe(LOOKUP),
            phrase(upload(800), upload(800), download(700), download(700), times=(1, 2)),
        ),
    ),
    # The family of web pages: they ask before, amid, or after what they get and send.
    "TV stick": Device(
        LOOKUP,
        45,
        phrase(maybe(LOOKUP), phrase(ask(300), page(1000), page(1000), form(700), times=(2, 3))),
    ),
    "hub": Device(PING, 30, phrase(page(800), ask(280), form(800), page(800), times=(2, 3))),
    "printer": Device(
        phrase(ask(300)),
        60,
        phrase(maybe(LOOKUP), phrase(form(900), page(900), ask(330), page(900), times=(2, 3))),
    ),
}
# A phone that looks at web pages now and then: it is in every home, but no sample bears its name.
PHONE = Device(LOOKUP, 90, phrase(LOOKUP, OPENING, phrase(ask(400), page(1200), times=(2, 5))))
NAMES = (*DEVICES, "phone")


def unfold(part: Packet | Phrase, rng: np.random.Generator) -> Iterator[Packet]:
    """Draw the packets of one utterance of the phrase."""
    if isinstance(part, Packet):
        yield part
        return
    for _ in range(rng.integers(part.low, part.high + 1)):
        for inner in part.parts:
            yield from unfold(inner, rng)


def begins(device: Device, end: float, rng: np.random.Generator) -> Iterator[tuple[float, Phrase]]:
    """Draw when heartbeats and events begin, from 0 to `end` seconds; an event every 150."""
    period = device.period * rng.uniform(0.8, 1.25)  # as the device of this home was set
    for time in np.arange(rng.uniform(0, period), end, period):
        yield time + rng.normal(0, 0.5), device.heartbeat
    for time in rng.uniform(0, end, rng.poisson(end / 150)):
        yield time, device.event


def simulate_home(hours: float, seed: Any) -> pd.DataFrame:
    """Return the packets that pass the gateway of a home with all ten devices and a phone.

    Homes differ in the delay of their line, in the devices' periods, and in their sizes by a few
    bytes, as host names and identifiers do. One packet in a hundred is missing from the capture.

    Columns: time (seconds), size (bytes), outward (0 or 1), protocol (its number in PROTOCOLS)
    and device (its number in NAMES).
    """
    rng = np.random.default_rng(seed)
    delay = rng.uniform(0.7, 1.4)
    rows = []
    for number, device in enumerate((*DEVICES.values(), PHONE)):
        longer = rng.integers(-6, 7)
        for begin, part in begins(device, 3600 * hours, rng):
            time = begin
            for packet in unfold(part, rng):
                time += packet.gap * delay * rng.lognormal(0, 0.5)
                size = packet.size
                if packet.spread:  # what never varies, such as an acknowledgement, is standardised
                    size += longer + round(rng.normal(0, packet.spread))
                protocol = PROTOCOLS.index(packet.protocol)
                rows.append((time, size, int(packet.outward), protocol, number))
    packets = pd.DataFrame(rows, columns=["time", "size", "outward", "protocol", "device"])
    packets["size"] = packets["size"].clip(SMALLEST, LARGEST)
    captured = packets[rng.random(len(packets)) >= 0.01]
    return captured.sort_values("time", ignore_index=True)


def tunnel(packets: pd.DataFrame, seed: Any) -> pd.DataFrame:
    """Return the packets as seen on a VPN: padded, delayed in a queue, and of one protocol.

    Sizes are padded to whole blocks of 64 bytes, headers of 60 bytes come on top, and no packet is
    larger than the line allows.
    """
    delays = np.random.default_rng(seed).exponential(0.01, len(packets))
    return packets.drop(columns="protocol").assign(
        size=(np.ceil(packets["size"] / 64) * 64 + 60).clip(upper=LARGEST),
        time=np.maximum.accumulate(packets["time"] + delays),
    )
