"""The traffic experiment: its simulator, its reader of captures, and its claim at a small size."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

RUN = 20  # packets of a captured run in these tests


@pytest.fixture(scope="module")
def simulator(load):
    return load("traffic_simulator")


@pytest.fixture(scope="module")
def captures(load):
    return load("traffic_captures")


@pytest.fixture(scope="module")
def home(simulator):
    return simulator.simulate_home(1.0, seed=3)


# ---------------------------------------------------------------- simulator


def test_a_phrase_keeps_its_order_and_its_bounds(simulator):
    first, second = simulator.up("TCP", 60), simulator.down("TCP", 52)
    part = simulator.phrase(simulator.phrase(first, second, times=(2, 4)), first)
    rng = np.random.default_rng(0)
    lengths = Counter()
    for _ in range(200):
        packets = list(simulator.unfold(part, rng))
        assert packets == [first, second] * (len(packets) // 2) + [first]
        lengths[len(packets)] += 1
    assert sorted(lengths) == [5, 7, 9]


def test_every_family_shares_its_packets_and_differs_in_their_order(simulator):
    def spoken(name):
        packets = list(simulator.unfold(simulator.DEVICES[name].event, np.random.default_rng(1)))
        return [(packet.protocol, packet.outward) for packet in packets]

    for family in (("plug", "thermostat", "bulb", "scale"), ("TV stick", "hub", "printer")):
        events = [[kind for kind in spoken(name) if kind[0] != "DNS"] for name in family]
        assert len({frozenset(event) for event in events}) == 1
        assert len({tuple(event[:8]) for event in events}) == len(family)


def test_a_home_is_one_stream_of_all_devices(simulator, home):
    assert home["time"].is_monotonic_increasing
    assert home["size"].between(52, 1500).all()
    assert set(home["outward"]) == {0, 1}
    assert set(home["protocol"]) == set(range(len(simulator.PROTOCOLS)))
    assert set(home["device"]) == set(range(len(simulator.NAMES)))
    assert len(simulator.DEVICES) == 10


def test_a_home_depends_on_its_seed_alone(simulator, home):
    pd.testing.assert_frame_equal(home, simulator.simulate_home(1.0, seed=3))
    assert len(home) != len(simulator.simulate_home(1.0, seed=4))


def test_a_tunnel_hides_protocol_and_sizes_and_keeps_the_order(simulator, home):
    seen = simulator.tunnel(home, seed=0)
    assert "protocol" not in seen
    pd.testing.assert_frame_equal(seen[["outward", "device"]], home[["outward", "device"]])
    assert seen["time"].is_monotonic_increasing
    assert (seen["time"] >= home["time"]).all()
    assert (((seen["size"] - 60) % 64 == 0) | (seen["size"] == 1500)).all()
    assert (seen["size"] >= np.minimum(home["size"] + 60, 1500)).all()
    assert seen["size"].nunique() < 25 < home["size"].nunique()


# ---------------------------------------------------------------- samples


def stream(senders):
    """Return a packet a second of the given devices, their sizes being their places."""
    places = np.arange(len(senders))
    return pd.DataFrame(
        {"time": places, "size": places, "outward": 1, "protocol": 0, "device": senders}
    )


def test_a_run_is_named_by_its_main_sender(example):
    camera, bulb, phone = (example.NAMES.index(name) for name in ("camera", "bulb", "phone"))
    streams = {
        "camera": [camera] * 20 + [bulb] * 10 + [phone] * 10,
        "none leads": [camera] * 20 + [bulb] * 11 + [phone] * 9,
        "too few": [camera] * 13 + [*range(10), *range(10)] + [phone] * 7,
        "phone": [phone] * 40,
        "bulb": [bulb] * 40,
        "the rest": [camera] * 39,
    }
    X, y = example.cut(stream(np.concatenate([*streams.values()])))
    assert y.tolist() == ["camera", "bulb"]
    assert X.shape == (2, 40, 4)
    np.testing.assert_array_equal(X[1, :, 0], np.arange(160, 200))
    np.testing.assert_allclose(X[1, :, 3], 0, atol=1e-4)  # log10 of one second


def test_thinning_spreads_over_time(example):
    y = np.array(["a", "b"] * 50 + ["b"] * 100)
    X, labels = example.thin((np.arange(200), y), 10)
    assert Counter(labels) == {"a": 10, "b": 10}
    np.testing.assert_array_equal(y[X], labels)
    assert (np.diff(X) > 0).all()
    assert X.min() <= 1
    assert X.max() == 199
    assert len(example.thin((np.arange(200), y), 1000)[0]) == 200


@pytest.fixture(scope="module")
def scenarios(example):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(example, "HOMES", (2, 1))
        patch.setattr(example, "RUNS", (100, 50))
        return example.simulate(7)


def test_both_scenarios_show_the_same_runs(example, scenarios):
    for part in (0, 1):
        (plain, y), (hidden, same) = (scenarios[name][part] for name in ("NAPT", "VPN"))
        np.testing.assert_array_equal(y, same)
        np.testing.assert_array_equal(plain[:, :, 1], hidden[:, :, 1])  # directions
        assert (plain.shape[2], hidden.shape[2]) == (4, 3)
        assert set(y) == set(example.DEVICES)


def test_no_run_is_in_both_parts(scenarios):
    train, test = ({run.tobytes() for run in X} for X, _ in scenarios["NAPT"])
    assert not train & test


# ---------------------------------------------------------------- models


def test_counts_agree_with_counting(example):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 5, size=(6, 9, 2)).astype(float)
    found = example.Counts().fit(X).transform(X)
    expected = [[Counter(run[:, i])[v] for i in (0, 1) for v in np.unique(X[..., i])] for run in X]
    np.testing.assert_array_equal(found, expected)

    values = np.unique(X[..., 0])
    pairs = example.Counts(pairs=True).fit(X).transform(X)
    follows = [Counter(zip(run[:-1, 0], run[1:, 0], strict=True)) for run in X]
    expected = [[count[a, b] for a in values for b in values] for count in follows]
    np.testing.assert_array_equal(pairs, expected)


def test_counts_take_intervals_of_many_values(example):
    X = np.random.default_rng(0).normal(size=(40, 32, 1))
    counts = example.Counts().fit(X).transform(X)
    np.testing.assert_array_equal(counts.sum(axis=0), 40)  # 32 intervals, equally full
    far = example.Counts().fit(X).transform(np.full((1, 3, 1), 99.0))
    assert far[0, -1] == 3


def test_the_forest_sees_directions_as_signs(example):
    X = np.array([[[100.0, 1.0, 0.5], [200.0, 0.0, 0.7]]])
    signed = example.sign_sizes(X)
    np.testing.assert_array_equal(signed[0, :, 0], [100, -200])
    np.testing.assert_array_equal(signed[:, :, 1:], X[:, :, 1:])
    assert X[0, 1, 0] == 200


def test_the_network_beats_the_forest(example, scenarios):
    models = {
        "packets": example.make_forests(1, example.sign_sizes)["packets"],
        "BLSTM": example.make_networks(1, [1, 2], hidden_layer_sizes=16, max_epochs=25)["BLSTM"],
    }
    forest, network = example.score(models, *scenarios["NAPT"]).mean()
    assert 30 < forest < network


# ---------------------------------------------------------------- captures


def write_capture(captures, path, n_packets, first=0, port="web", **columns):
    """Write a file of the layout; the sizes count the packets, every tenth row is another's."""
    rows = np.arange(n_packets)
    table = pd.DataFrame(
        {
            "pck_size": first + rows,
            "IP_ttl": 64,
            "payload_bytes": rows % 7,
            "entropy": 0.5,
            "IP_proto": 6,
            "sport_class": port,
            "dport_class": 3,
            "Protocol": "TCP",
            "Label": 1,
        }
    ).assign(**columns)
    others = table.iloc[::10].assign(Label=0, pck_size=-1)
    pd.concat([table, others]).sort_index(kind="stable").to_csv(path, index=False)


@pytest.fixture
def folder(captures, tmp_path):
    write_capture(captures, tmp_path / "camera.csv", 120)
    write_capture(captures, tmp_path / "hub.csv", 90, first=1000, port="name")
    return tmp_path


def test_captures_are_split_by_time(captures, folder):
    (X, y), (X_test, y_test) = captures.load_captures(folder, RUN)
    assert X.shape[1:] == X_test.shape[1:] == (RUN, 7)
    for device, first, n_packets in (("camera", 0, 120), ("hub", 1000, 90)):
        train, test = X[y == device], X_test[y_test == device]
        sizes, sizes_test = train[:, :, 0], test[:, :, 0]
        assert sizes.min() == first  # and not -1, which is another device's
        assert sizes.max() < first + n_packets * 2 // 3 <= sizes_test.min()
        assert (np.diff(sizes, axis=1) == 1).all()
        assert (np.diff(sizes_test, axis=1) == 1).all()
    ports = {device: set(X[y == device][:, :, 5].ravel()) for device in ("camera", "hub")}
    assert len(ports["camera"]) == len(ports["hub"]) == 1
    assert ports["camera"] != ports["hub"]


def test_captures_need_two_devices(captures, tmp_path):
    write_capture(captures, tmp_path / "camera.csv", 120)
    with pytest.raises(ValueError, match="2 devices at least, got 1"):
        captures.load_captures(tmp_path, RUN)


def test_captures_need_their_columns(captures, folder):
    table = pd.read_csv(folder / "hub.csv").drop(columns=["entropy", "Label"])
    table.to_csv(folder / "hub.csv", index=False)
    with pytest.raises(ValueError, match=r"hub\.csv lacks the columns entropy, Label"):
        captures.load_captures(folder, RUN)


@pytest.mark.parametrize("value", ["many", None])
def test_captures_need_numbers(captures, folder, value):
    write_capture(captures, folder / "hub.csv", 90, entropy=[0.5] * 40 + [value] + [0.5] * 49)
    with pytest.raises(ValueError, match=r"hub\.csv: a value is missing or is no number in line"):
        captures.load_captures(folder, RUN)


def test_captures_need_enough_packets(captures, folder):
    write_capture(captures, folder / "hub.csv", 60)
    captures.load_captures(folder, RUN)
    write_capture(captures, folder / "hub.csv", 59)
    with pytest.raises(ValueError, match=r"hub\.csv holds too few.*: 59, .* needs 60"):
        captures.load_captures(folder, RUN)


def test_an_empty_file_is_named(captures, folder):
    (folder / "hub.csv").write_text("")
    with pytest.raises(ValueError, match=r"hub\.csv is no CSV table"):
        captures.load_captures(folder, RUN)


# ---------------------------------------------------------------- script


def test_captures_are_classified(example, folder, monkeypatch, capsys):
    full = example.make_networks
    monkeypatch.setattr(example, "make_networks", lambda *args: full(*args, max_epochs=2))
    monkeypatch.setattr("sys.argv", ["device_traffic.py", "--data", str(folder)])
    example.main()
    printed = capsys.readouterr().out
    assert "runs of 20 packets" in printed
    assert "hub" in printed
    assert "published" not in printed


def test_a_folder_without_captures_is_an_error(example, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["device_traffic.py", "--data", str(tmp_path)])
    with pytest.raises(SystemExit):
        example.main()
    assert "must hold CSV files of 2 devices at least" in capsys.readouterr().err


def table_of(example, values):
    models = ["RF", "LSTM", "BLSTM"]
    return pd.DataFrame([values] * len(example.DEVICES), index=[*example.DEVICES], columns=models)


def test_the_table_shows_the_published_averages(example, capsys):
    example.print_table(
        {"NAPT": table_of(example, [80, 90, 95]), "VPN": table_of(example, [70, 80, 90])}
    )
    lines = {line[:12].strip(): line[12:].split() for line in capsys.readouterr().out.splitlines()}
    assert lines["average"] == ["80.0", "90.0", "95.0", "70.0", "80.0", "90.0"]
    assert lines["published"] == ["92.2", "97.3", "99.2", "83.2", "92.4", "97.7"]
    assert len(lines) == 2 + len(example.DEVICES) + 2


@pytest.mark.parametrize("averages", [[80, 95, 90], [91, 90, 95]])
def test_another_order_ends_in_an_error(example, scenarios, averages, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(example, "simulate", lambda seed: scenarios)
    forests = pd.Series({"packets": 1.0, "counts": 2.0, "pairs": 3.0})
    monkeypatch.setattr(example, "compare", lambda *parts: (table_of(example, averages), forests))
    with pytest.raises(SystemExit, match="the order is not forest < LSTM < bidirectional LSTM"):
        example.run_on_simulated(0)


def test_picture_is_drawn(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tables = {name: table_of(example, [80, 90, 95]) for name in ("NAPT", "VPN")}
    example.draw(tables)
    assert (tmp_path / "device_traffic.png").stat().st_size > 10_000
