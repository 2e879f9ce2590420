"""Next-token models, and sequences drawn from them."""

import numpy as np
import pytest

from sklstm import LSTMClassifier
from sklstm.estimators.sampling import _draw

SETTINGS = {
    "return_sequences": True,
    "bidirectional": False,
    "categorical_features": "from_dtype",
    "random_state": 0,
}
# Which token follows on which, with which probability.
CHAIN = np.array([[0.1, 0.9, 0.0], [0.0, 0.2, 0.8], [1.0, 0.0, 0.0]])
TOKENS = np.array([4, 7, 9])


@pytest.fixture(scope="module")
def chain():
    rng = np.random.default_rng(0)
    states = [0]
    for _ in range(4_000):
        states.append(rng.choice(3, p=CHAIN[states[-1]]))
    return TOKENS[states[:4000]].reshape(200, 20, 1)


@pytest.fixture(scope="module")
def model(chain):
    return LSTMClassifier(16, max_epochs=20, **SETTINGS).fit(chain[:, :-1], chain[:, 1:, 0])


def test_what_is_drawn_follows_the_chain(model):
    drawn = model.sample(3_000, prefix=[4], random_state=0)
    numbers = np.searchsorted(TOKENS, drawn)
    counts = np.zeros((3, 3))
    np.add.at(counts, (numbers[:-1], numbers[1:]), 1)
    np.testing.assert_allclose(counts / counts.sum(axis=1, keepdims=True), CHAIN, atol=0.06)


def test_without_temperature_the_likeliest_is_taken(model):
    assert model.sample(5, temperature=0, prefix=[4]).tolist() == [7, 9, 4, 7, 9]


def test_temperature_makes_draws_more_or_less_alike(model):
    def share_of_rare(temperature):
        drawn = model.sample(1_000, temperature=temperature, prefix=[9], random_state=0)
        return np.mean(drawn[1:][drawn[:-1] == 4] == 4)

    assert share_of_rare(0.3) < share_of_rare(1.0) < share_of_rare(3.0)


def test_draws_are_seeded_and_need_no_prefix(model):
    first, second = (model.sample(10, random_state=3) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert set(first) <= set(TOKENS)
    assert model.sample(0).shape == (0,)


def test_tokens_of_a_table(chain, model):
    table = chain[:, :, 0]
    other = LSTMClassifier(16, max_epochs=20, **SETTINGS).fit(table[:, :-1], table[:, 1:])
    assert other.sample(5, temperature=0, prefix=[4]).tolist() == [7, 9, 4, 7, 9]


def test_scores_that_are_no_probabilities_are_not_drawn_from(chain):
    hinge = LSTMClassifier(4, max_epochs=1, loss="hinge", **SETTINGS)
    assert not hasattr(hinge.fit(chain, chain[:, :, 0]), "sample")


def test_only_next_token_models_are_sampled(chain):
    y = chain[:, 0, 0]
    one_label = LSTMClassifier(4, max_epochs=1, random_state=0).fit(chain, y)
    numbers = LSTMClassifier(
        4, max_epochs=1, return_sequences=True, bidirectional=False, random_state=0
    ).fit(chain, chain[:, :, 0])
    for other in (one_label, numbers, LSTMClassifier()):
        assert not hasattr(other, "sample")
    both_ways = LSTMClassifier(4, max_epochs=1, **{**SETTINGS, "bidirectional": True})
    with pytest.raises(ValueError, match="bidirectional=False"):
        both_ways.fit(chain, chain[:, :, 0]).sample(3)


@pytest.mark.parametrize(("n", "temperature"), [(-1, 1.0), (3, -0.1)])
def test_bad_arguments(model, n, temperature):
    with pytest.raises(
        ValueError, match=r"'n' parameter must be an int of at least 0|temperature =="
    ):
        model.sample(n, temperature=temperature)


def test_embedding_size(chain):
    model = LSTMClassifier(4, max_epochs=1, embedding_size=5, **SETTINGS)
    model.fit(chain, chain[:, :, 0])
    assert model.module_.inputs.encoded.layers[0].vectors.weight.shape == (4, 5)


@pytest.mark.parametrize("prefix", [[99], [4, 1.5]])
def test_tokens_that_were_never_seen(model, prefix):
    with pytest.raises(ValueError, match=r"prefix must hold tokens that X held.*\[4.0, 7.0, 9.0\]"):
        model.sample(3, prefix=prefix)


def test_a_model_that_is_none_says_why():
    with pytest.raises(AttributeError, match="has no attribute 'sample'") as error:
        LSTMClassifier().sample(3)
    assert "not fitted" in str(error.value.__cause__)


def test_of_almost_no_temperature_the_likeliest_token_is_drawn():
    log_p = np.log([0.2, 0.5, 0.3])
    rng = np.random.RandomState(0)
    assert {_draw(log_p, 1e-320, rng) for _ in range(20)} == {1}


def test_a_prefix_is_one_sequence(model):
    with pytest.raises(ValueError, match=r"tokens of one sequence.*Got shape \(2, 1\)"):
        model.sample(3, prefix=[[4], [7]])
