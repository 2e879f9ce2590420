"""Reader of captured packets in the layout of IoTDevID: a CSV a device, a row a packet.

Source of the layout: Kostas, Just and Lones (2022), IoTDevID: a behavior-based device
identification method for the IoT, IEEE Internet of Things Journal 9(23).
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

NUMBERS = ("pck_size", "IP_ttl", "payload_bytes", "entropy")
SYMBOLS = ("IP_proto", "sport_class", "dport_class")
OWN = "Label"  # 1 where the packet is the device's own
TEST_PART = 3  # the last third
STEP = 5  # packets from the beginning of a run to that of the next

Samples = tuple[NDArray[np.float64], NDArray[np.str_]]


def read_device(path: Path) -> pd.DataFrame:
    """Return the features of the device's own packets, in the file's order."""
    try:
        table = pd.read_csv(path, low_memory=False)
    except ValueError as error:
        raise ValueError(f"{path} is no CSV table: {error}") from error
    missing = [name for name in (*NUMBERS, *SYMBOLS, OWN) if name not in table]
    if missing:
        raise ValueError(f"{path} lacks the columns {', '.join(missing)}.")
    packets = table.loc[table[OWN] == 1, [*NUMBERS, *SYMBOLS]]
    packets[[*NUMBERS]] = packets[[*NUMBERS]].apply(pd.to_numeric, errors="coerce")
    faulty = packets.index[packets.isna().any(axis=1)]
    if len(faulty):
        raise ValueError(f"{path}: a value is missing or is no number in line {faulty[0] + 2}.")
    return packets


def split_runs(packets: NDArray[np.float64], length: int) -> tuple[NDArray[np.float64], ...]:
    """Return the runs of the first packets, and those of the last third."""
    end = len(packets) - len(packets) // TEST_PART
    return tuple(
        sliding_window_view(part, length, axis=0)[::STEP].swapaxes(1, 2)  # (runs, length, features)
        for part in (packets[:end], packets[end:])
    )


def load_captures(folder: Path, length: int) -> tuple[Samples, Samples]:
    """Return runs of consecutive packets and their devices, to train on and to test on.

    Parameters
    ----------
    folder : Path
        Holds the CSV files; a file's name is the device's.
    length : int
        Packets of a run.

    Returns
    -------
    train, test : pairs of ndarray
        Runs of shape (n_runs, length, n_features), with NUMBERS before SYMBOLS, and labels of
        shape (n_runs,). The last third of a device's packets is for testing; no packet is in both.

    Raises
    ------
    ValueError
        If there are fewer than two files, or one lacks a column, holds what is no number, or has
        too few packets.
    """
    paths = sorted(folder.glob("*.csv"))
    if len(paths) < 2:
        raise ValueError(f"{folder} must hold CSV files of 2 devices at least, got {len(paths)}.")
    devices = {path.stem: read_device(path) for path in paths}
    needed = TEST_PART * length
    for path in paths:
        found = len(devices[path.stem])
        if found < needed:
            raise ValueError(
                f"{path} holds too few packets of the device (those of {OWN} 1): {found}, but a "
                f"run of {length} in the last third needs {needed}."
            )
    packets = pd.concat(devices)
    for symbol in SYMBOLS:  # names or numbers: each becomes a number of its own
        packets[symbol] = pd.factorize(packets[symbol])[0]
    parts = [split_runs(packets.loc[name].to_numpy(dtype=float), length) for name in devices]
    train, test = (
        (np.concatenate(runs), np.repeat([*devices], [len(part) for part in runs]))
        for runs in zip(*parts, strict=True)
    )
    return train, test
