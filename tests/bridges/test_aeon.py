import numpy as np
import pytest
from aeon.datasets import load_basic_motions, load_japanese_vowels
from aeon.utils.conversion import convert_collection
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import LSTMClassifier, panel_from_sequences, sequences_from_panel

EQUAL = np.random.default_rng(0).normal(size=(4, 3, 5))  # (samples, channels, time)
RAGGED = [EQUAL[0], EQUAL[1, :, :2]]


@pytest.mark.parametrize("kind", ["np-list", "pd-multiindex"])
def test_conversions_agree(kind):
    assert_array_equal(sequences_from_panel(convert_collection(EQUAL, kind)), EQUAL.swapaxes(1, 2))
    ragged = convert_collection(RAGGED, kind) if kind != "np-list" else RAGGED
    for found, instance in zip(sequences_from_panel(ragged), RAGGED, strict=True):
        assert_array_equal(found, instance.T)


def test_frames_of_aeon_have_to_be_transposed():
    frames = convert_collection(EQUAL, "df-list")
    found = sequences_from_panel([frame.T for frame in frames])
    assert_array_equal(found, EQUAL.swapaxes(1, 2))


def test_aeon_takes_our_panels():
    sequences = sequences_from_panel(RAGGED)
    for kind in ("np-list", "pd-multiindex"):
        back = convert_collection(panel_from_sequences(sequences, kind), "np-list")
        for found, instance in zip(back, RAGGED, strict=True):
            assert_array_equal(found, instance)


@pytest.mark.parametrize("load", [load_basic_motions, load_japanese_vowels])
def test_classification_of_a_collection(load):
    X, y = load("train")
    model = make_pipeline(
        FunctionTransformer(sequences_from_panel),
        LSTMClassifier(8, max_epochs=15, random_state=0, device="cpu"),
    )
    assert model.fit(X, y).score(X, y) > 0.5
