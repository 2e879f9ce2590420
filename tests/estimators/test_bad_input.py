"""Wrong calls: each must name the culprit and say what to do, and must break nothing."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback, EpochTimer

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    SlidingWindowTransformer,
    TimestepTransformer,
    make_windows,
)

TINY = {"hidden_layer_sizes": 4, "max_epochs": 2, "random_state": 0, "device": "cpu"}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 6, 2))
Y = X[:, -1, 0]
LABELS = np.where(Y > 0, "up", "down")
RAGGED = [sequence[: 1 + i % 6] for i, sequence in enumerate(X)]
TABLE = X[:, :, 0]
FRAME = pd.DataFrame(TABLE, columns=list("abcdef"))


def regress(X=X, y=Y, weight=None, X_val=None, y_val=None, **parameters):
    return lambda model: model.set_params(**parameters).fit(X, y, weight, X_val=X_val, y_val=y_val)


def classify(X=X, y=LABELS, weight=None, X_val=None, y_val=None, **parameters):
    return regress(X, y, weight, X_val, y_val, **parameters)


def predict(X, **options):
    return lambda model: model.predict(X, **options)


def partial(*args, **parameters):
    return lambda model: model.set_params(**parameters).partial_fit(*args)


def changed(array, place, value):
    array = np.array(array, dtype=np.result_type(array, type(value)))
    array[place] = value
    return array


class Net(torch.nn.Module):
    """A network of one's own that is wrong in a way of choice."""

    def __init__(self, how):
        super().__init__()
        self.how = how
        self.linear = torch.nn.Linear(2, 1)

    def forward(self, x, lengths):
        return self.how(self.linear(x))  # from (batch, time, 1)


class OneArgument(torch.nn.Module):
    def forward(self, x):
        return x[:, -1, :1]


def module(how):
    return lambda n_features, n_outputs: Net(how)


# What is wrong; which estimator; the call, on a fitted one; the exception; what it must say.
PARAMETERS = [
    # the network
    ("no width", regress(hidden_layer_sizes=()), "'hidden_layer_sizes'.*not empty"),
    ("width 0", regress(hidden_layer_sizes=0), "'hidden_layer_sizes'.* Got 0"),
    ("negative width", regress(hidden_layer_sizes=(4, -1)), "'hidden_layer_sizes'.*-1 is no pos"),
    ("float width", regress(hidden_layer_sizes=(4.5,)), "'hidden_layer_sizes'.*4.5 is no pos"),
    ("float for widths", regress(hidden_layer_sizes=4.0), "'hidden_layer_sizes'.* Got 4.0"),
    ("text for widths", regress(hidden_layer_sizes="4"), "'hidden_layer_sizes'.* Got '4'"),
    ("no widths", regress(hidden_layer_sizes=None), "'hidden_layer_sizes'.* Got None"),
    ("bool width", regress(hidden_layer_sizes=(True,)), "'hidden_layer_sizes'.*True is no pos"),
    ("nested widths", regress(hidden_layer_sizes=((4,),)), r"'hidden_layer_sizes'.*\(4,\) is no"),
    ("dense width 0", regress(dense_layer_sizes=(0,)), "'dense_layer_sizes'.*0 is no positive"),
    ("text for dense widths", regress(dense_layer_sizes="ab"), "'dense_layer_sizes'.* Got 'ab'"),
    ("cell", regress(cell="LSTM"), "'cell'.*'lstm'.* Got 'LSTM'"),
    ("no cell", regress(cell=None), "'cell'.* Got None"),
    ("bidirectional", regress(bidirectional="yes"), "'bidirectional'.*bool.* Got 'yes'"),
    ("pooling", regress(pooling="attention"), "'pooling'.*'concat'.* Got 'attention'"),
    ("normalization", regress(normalization="group"), "'normalization'.*'layer'.* Got 'group'"),
    ("dropout 1", regress(dropout=1.0), r"'dropout'.*\[0\.?0?, 1\.?0?\).* Got 1.0"),
    ("negative dropout", regress(dropout=-0.1), "'dropout'.* Got -0.1"),
    ("dropout NaN", regress(dropout=float("nan")), "'dropout'.* Got nan"),
    ("text for dropout", regress(dropout="0.1"), "'dropout'.*float.* Got '0.1'"),
    ("module is no callable", regress(module=3), "'module'.*callable.* Got 3"),
    ("module instance", regress(module=torch.nn.Linear(2, 1)), "'module'.*n_features and n_out"),
    ("module returns None", regress(module=lambda *_: None), "'module'.*It returned NoneType"),
    ("module takes nothing", regress(module=lambda: OneArgument()), "'module'.*n_features and n"),
    ("forward without lengths", regress(module=lambda *_: OneArgument()), "'module'.*lengths"),
    (
        "module too wide",
        regress(module=module(lambda z: z[:, -1].expand(-1, 3))),
        r"'module'.*\(2, 1\).* Got \(2, 3\)",
    ),
    (
        "module keeps time",
        regress(module=module(lambda z: z)),
        r"'module'.*\(2, 1\).* Got \(2, 6, 1\)",
    ),
    (
        "module drops an axis",
        regress(module=module(lambda z: z[:, -1, 0])),
        r"'module'.* Got \(2,\)",
    ),
    ("module returns a tuple", regress(module=module(lambda z: (z, z))), "'module'.* Got tuple"),
    # the loss
    ("loss", regress(loss="mse"), "'loss'.*'squared_error'.* Got 'mse'"),
    ("no loss", regress(loss=None), "'loss'.* Got None"),
    ("loss class", regress(loss=torch.nn.MSELoss), "'loss'.* Got <class"),
    ("loss of the other kind", regress(loss="log_loss"), "'loss'.* Got 'log_loss'"),
    (
        "quantile 0",
        regress(loss="quantile", quantile=0.0),
        r"'quantile'.*0.0 lies outside \(0, 1\)",
    ),
    ("quantile 1", regress(loss="quantile", quantile=1), r"'quantile'.*1 lies outside \(0, 1\)"),
    ("quantile in percent", regress(quantile=[10, 90]), r"'quantile'.*10 lies outside \(0, 1\)"),
    ("unsorted quantiles", regress(quantile=[0.9, 0.1]), r"'quantile'.*\[0.9, 0.1\]; sort it"),
    ("repeated quantiles", regress(quantile=[0.5, 0.5]), "'quantile'.*drop repeats"),
    ("no quantiles", regress(quantile=[]), r"'quantile'.* Got \[\]"),
    ("text for quantiles", regress(quantile="median"), "'quantile'.* Got 'median'"),
    ("NaN quantile", regress(quantile=[float("nan")]), "'quantile'.*nan lies outside"),
    ("subtract_last", regress(subtract_last="yes"), "'subtract_last'.*'auto'.* Got 'yes'"),
    (
        "subtract_last of counts",
        regress(y=np.ones(24), loss="poisson", subtract_last=True),
        "subtract_last=True.*loss='poisson'.*'auto' or False",
    ),
    ("standardize", regress(standardize=None), "'standardize'.*bool.* Got None"),
    # training
    ("optimizer", regress(optimizer="Adam"), "'optimizer'.*'adam'.* Got 'Adam'"),
    (
        "class of another kind",
        regress(optimizer=dict),
        "'optimizer'.*torch.optim.Optimizer.* Got <class 'dict'>",
    ),
    (
        "optimizer instance",
        regress(optimizer=torch.optim.SGD([torch.zeros(1)], lr=1)),
        "'optimizer'.* Got SGD",
    ),
    ("learning rate 0", regress(learning_rate=0), "'learning_rate'.* Got 0"),
    ("negative learning rate", regress(learning_rate=-1e-3), "'learning_rate'.* Got -0.001"),
    ("text for learning rate", regress(learning_rate="auto"), "'learning_rate'.* Got 'auto'"),
    ("infinite learning rate", regress(learning_rate=float("inf")), "'?learning_rate"),
    (
        "schedule",
        regress(learning_rate_schedule="step"),
        "'learning_rate_schedule'.*'cosine'.* Got 'step'",
    ),
    ("negative weight decay", regress(weight_decay=-1), "'weight_decay'.* Got -1"),
    ("gradient clip 0", regress(gradient_clip=0), "'gradient_clip'.* Got 0"),
    ("max_epochs 0", regress(max_epochs=0), "'max_epochs'.* Got 0"),
    ("float max_epochs", regress(max_epochs=10.0), "'max_epochs'.* Got 10.0"),
    ("text for max_epochs", regress(max_epochs="many"), "'max_epochs'.*'auto'.* Got 'many'"),
    ("batch_size 0", regress(batch_size=0), "'batch_size'.* Got 0"),
    ("batch_size None", regress(batch_size=None), "'batch_size'.*'auto'.* Got None"),
    ("early_stopping", regress(early_stopping=1.5), "'early_stopping'.*bool.* Got 1.5"),
    ("validation fraction 0", regress(validation_fraction=0.0), "'validation_fraction'.* Got 0.0"),
    ("validation fraction 1", regress(validation_fraction=1.0), "'validation_fraction'.* Got 1.0"),
    (
        "validation split",
        regress(validation_split="first"),
        "'validation_split'.*'last'.* Got 'first'",
    ),
    (
        "validation split of folds",
        regress(validation_split=5),
        "'validation_split'.*splitter.* Got 5",
    ),
    (
        "unhashable validation split",
        regress(validation_split=[0, 1]),
        r"'validation_split'.* Got \[0, 1\]",
    ),
    (
        "splitter class",
        regress(validation_split=KFold, early_stopping=True),
        "'validation_split'.*splitter.*KFold",
    ),
    ("n_iter_no_change 0", regress(n_iter_no_change=0), "'n_iter_no_change'.* Got 0"),
    ("negative tol", regress(tol=-1e-4), "'tol'.* Got -0.0001"),
    ("warm_start", regress(warm_start="no"), "'warm_start'.*bool.* Got 'no'"),
    ("one callback", regress(callbacks=EpochTimer()), "'callbacks'.*list.* Got <skorch"),
    (
        "callback of another kind",
        regress(callbacks=[print]),
        "'callbacks'.*skorch callbacks.* Got <built-in",
    ),
    (
        "name without a callback",
        regress(callbacks=[("timer",)]),
        "'callbacks'.*pairs.* Got .'timer'",
    ),
    ("empty pair", regress(callbacks=[()]), r"'callbacks'.*pairs.* Got \(\)"),
    ("triple", regress(callbacks=[("a", "b", EpochTimer())]), "'callbacks'.*pairs.* Got .'a', 'b'"),
    (
        "callback names twice",
        regress(callbacks=[("a", EpochTimer()), ("a", EpochTimer())]),
        "callback name 'a'. Use unique",
    ),
    ("device", regress(device="gpu"), "'device'.*'cpu'.* Got 'gpu'"),
    ("absent device", regress(device="cuda:99"), "'device'.*'cpu'.* Got 'cuda:99'"),
    ("device of no data", regress(device="meta"), "'device'.*'cpu'.* Got 'meta'"),
    ("no device", regress(device=None), "'device'.*str.* Got None"),
    ("precision", regress(precision="float16"), "'precision'.*'float64'.* Got 'float16'"),
    ("precision of numpy", regress(precision=np.float64), "'precision'.* Got <class"),
    ("random_state", regress(random_state="0"), "'random_state'.*int.* Got '0'"),
    (
        "numpy generator",
        regress(random_state=np.random.default_rng(0)),
        "'random_state'.* Got Generator",
    ),
    ("negative random_state", regress(random_state=-1), "'random_state'.* Got -1"),
    ("verbose", regress(verbose="loud"), "'verbose'.*int.* Got 'loud'"),
    ("negative verbose", regress(verbose=-1), "'verbose'.* Got -1"),
]

DATA = [
    # X
    ("no X", regress(X=None), r"\bX\b.*None"),
    ("4-D", regress(X=X[..., None]), r"X must be 2-D.*3-D.*list.*4 dimensions.*\(24, 6, 2, 1\)"),
    ("1-D", regress(X=Y), "(?s)Expected 2D array, got 1D array.*Reshape your data"),
    ("scalar", regress(X=1.0), "Expected 2D array, got scalar"),
    ("text", regress(X=np.full((24, 6, 2), "a")), "strings.*numeric values explicitly"),
    ("objects", regress(X=np.full((24, 6), {}, dtype=object)), "not 'dict'"),
    ("sparse", regress(X=scipy.sparse.csr_matrix(TABLE)), "(?i)sparse.*dense"),
    ("complex", regress(X=X + 1j), "Complex data not supported"),
    ("no samples", regress(X=X[:0], y=Y[:0]), r"0 sample\(s\).*minimum of 1"),
    ("empty list", regress(X=[], y=[]), r"(?i)X.*empty|0 sample|Expected 2D array"),
    ("no steps", regress(X=X[:, :0]), r"0 time step\(s\).*\(24, 0, 2\).*minimum"),
    ("no features", regress(X=X[:, :, :0]), r"feature\(s\).*\(24, 6, 0\).*minimum"),
    (
        "NaN",
        regress(X=changed(X, (3, 2, 1), np.nan)),
        "NaN.*sequence 3, time step 2, feature 1.*SimpleImputer",
    ),
    (
        "part of an end NaN",
        regress(X=changed(X, (3, 5, 1), np.nan)),
        "NaN.*sequence 3, time step 5, feature 1",
    ),
    (
        "NaN step within",
        regress(X=changed(X, (3, 2), np.nan)),
        "NaN.*sequence 3, time step 2, feature 0.*head or the tail",
    ),
    (
        "inf",
        regress(X=changed(X, (3, 2, 0), np.inf)),
        "infinity.*sequence 3, time step 2, feature 0",
    ),
    (
        "too large",
        regress(X=changed(X, (3, 2, 0), 1e200)),
        "too large.*float32.*sequence 3, time step 2",
    ),
    (
        "all steps NaN",
        regress(X=changed(X, 5, np.nan)),
        "NaN in every time step of sequence 5.*Drop this",
    ),
    (
        "NaN in a table",
        regress(X=changed(TABLE, (3, 2), np.nan)),
        "(?s)Input X contains NaN.*sequence 3, time step 2",
    ),
    (
        "NaN in a member",
        regress(X=[*RAGGED[:5], changed(X[0], (1, 1), np.nan), *RAGGED[6:]]),
        "NaN.*sequence 5, time step 1, feature 1",
    ),
    (
        "inf in a member",
        regress(X=[*RAGGED[:5], changed(X[0], (1, 1), np.inf), *RAGGED[6:]]),
        "infinity.*sequence 5, time step 1, feature 1",
    ),
    (
        "text in a member",
        regress(X=[*RAGGED[:5], np.full((2, 2), "a"), *RAGGED[6:]]),
        r"(?s)(X\[5\]|sequence 5|\bX\b).*(string|number)",
    ),
    (
        "members of differing widths",
        regress(X=[*RAGGED[:5], np.ones((3, 3)), *RAGGED[6:]]),
        r"same number of features. X\[0\] has 2 and X\[5\] has 3",
    ),
    (
        "member of differing rank",
        regress(X=[*RAGGED[:5], np.ones(3), *RAGGED[6:]]),
        r"X\[0\] has 2 and X\[5\] has 1",
    ),
    (
        "empty member",
        regress(X=[*RAGGED[:5], np.ones((0, 2)), *RAGGED[6:]]),
        r"X\[5\] is a sequence without time steps. Drop",
    ),
    (
        "member without features",
        regress(X=[np.ones((2, 0)), np.ones((1, 0))], y=[1, 2]),
        r"0 feature\(s\).*minimum",
    ),
    (
        "3-D member",
        regress(X=[*RAGGED[:5], np.ones((2, 2, 2)).tolist(), *RAGGED[6:]]),
        r"X\[5\] has shape \(2, 2, 2\)",
    ),
    (
        "complex member",
        regress(X=[sequence + 1j for sequence in RAGGED]),
        "Complex data not supported",
    ),
    # y
    ("no y", regress(y=None), "requires y to be passed.*y is None"),
    ("y too short", regress(y=Y[:-1]), r"X and y.*differ in length.*\[24, 23\]"),
    ("y too long for ragged", regress(X=RAGGED[:-1]), r"X and y.*differ in length.*\[23, 24\]"),
    ("NaN in y", regress(y=changed(Y, 3, np.nan)), "Input y contains NaN.*y.3"),
    ("inf in y", regress(y=changed(Y, 3, np.inf)), "Input y contains infinity"),
    ("3-D y", regress(y=Y[:, None, None]), r"\by\b.*dim 3|\by\b.*\(24, 1, 1\)"),
    ("text in y", regress(y=LABELS), r"\by\b.*(string|number)"),
    ("complex y", regress(y=Y + 1j), "Complex data not supported"),
    ("no outputs", regress(y=np.ones((24, 0))), r"0 feature\(s\)|y.*column"),
    (
        "negative counts",
        regress(loss="poisson"),
        "'poisson' needs counts: y must be zero or positive.*least value is -",
    ),
    (
        "no counts",
        regress(y=np.zeros(24), loss="poisson"),
        "'poisson' needs counts.*zero throughout",
    ),
    ("scalar y", regress(X=X[:1], y=1.0), "at least 1 dimension.* got scalar"),
    # sample_weight
    ("weights too few", regress(weight=np.ones(23)), r"sample_weight.*\(24,\). Got shape \(23,\)"),
    (
        "2-D weights",
        regress(weight=np.ones((24, 1))),
        r"sample_weight.*\(24,\). Got shape \(24, 1\)",
    ),
    (
        "negative weight",
        regress(weight=changed(np.ones(24), 4, -2.0)),
        r"sample_weight.*-2.0.* index 4",
    ),
    ("all-zero weights", regress(weight=np.zeros(24)), "sample_weight is zero.*no sample is left"),
    ("NaN weight", regress(weight=changed(np.ones(24), 4, np.nan)), "sample_weight contains NaN"),
    (
        "infinite weight",
        regress(weight=changed(np.ones(24), 4, np.inf)),
        "sample_weight contains infinity",
    ),
    ("text for weights", regress(weight=["a"] * 24), "could not convert string to float: 'a'"),
    ("negative scalar weight", regress(weight=-1.0), "Negative values in sample_weight"),
    # validation data
    ("X_val alone", regress(X_val=X), "X_val and y_val belong together: give both"),
    ("y_val alone", regress(y_val=Y), "X_val and y_val belong together: give both"),
    ("y_val too short", regress(X_val=X, y_val=Y[:-1]), r"X_val and y_val.*differ in length"),
    ("width of X_val", regress(X_val=X[:, :, :1], y_val=Y), "1 features.*expecting 2 features"),
    (
        "NaN in X_val",
        regress(X_val=changed(X, (1, 2, 0), np.nan), y_val=Y),
        "NaN.*sequence 1, time step 2",
    ),
    ("NaN in y_val", regress(X_val=X, y_val=changed(Y, 0, np.nan)), "Input y.* contains NaN"),
    (
        "columns of y_val",
        regress(X_val=X, y_val=np.column_stack([Y, Y])),
        r"y_val has 2 column.* 1",
    ),
    (
        "dimensions of y_val",
        regress(y=np.column_stack([Y, Y]), X_val=X, y_val=Y),
        r"y_val has 1 column.* 2",
    ),
    ("empty X_val", regress(X_val=X[:0], y_val=Y[:0]), r"0 sample\(s\)"),
    # splitting
    (
        "nothing left to train on",
        regress(X=X[:1], y=Y[:1], early_stopping=True),
        "Splitting 1 samples.*leaves 0.*Bring more samples",
    ),
    (
        "all is purged",
        regress(X=SlidingWindowTransformer(24).fit_transform(TABLE), early_stopping=True),
        "Splitting 24 samples.*leaves 0.*validation_fraction",
    ),
    # prediction
    (
        "features at predict",
        predict(X[:, :, :1]),
        "X has 1 features, but LSTMRegressor is expecting 2",
    ),
    ("2-D at predict", predict(TABLE), "X has 6 features, but LSTMRegressor is expecting 2"),
    (
        "NaN at predict",
        predict(changed(X, (3, 2, 1), np.nan)),
        "NaN.*sequence 3, time step 2, feature 1",
    ),
    ("no samples at predict", predict(X[:0]), r"0 sample\(s\).*minimum of 1"),
    ("sparse at predict", predict(scipy.sparse.csr_matrix(TABLE)), "(?i)sparse.*dense"),
    (
        "std of another loss",
        predict(X, return_std=True),
        "return_std=True needs.*loss='gaussian'.*'squared_error'",
    ),
    ("length at score", lambda model: model.score(X, Y[:-1]), "inconsistent numbers of samples"),
    (
        "width of y at partial_fit",
        partial(X, np.column_stack([Y, Y])),
        r"y has 2 column\(s\).*trained on 1",
    ),
    ("features at partial_fit", partial(X[:, :, :1], Y), "X has 1 features.*expecting 2"),
    (
        "quantiles of another loss",
        lambda model: model.predict_quantiles(X),
        "no attribute 'predict_quantiles'",
    ),
    ("unknown parameter", lambda model: model.set_params(n_units=3), "Invalid parameter 'n_units'"),
]

CLASSIFICATION = [
    ("one class", classify(y=["up"] * 24), "at least 2 classes.*'up'"),
    (
        "one class of weight",
        classify(weight=(LABELS == "up").astype(float)),
        "at least 2 classes.*'up'.*weight zero",
    ),
    ("numbers for labels", classify(y=Y), "Unknown label type: continuous.*classifier"),
    ("2-D labels", classify(y=np.ones((24, 2), dtype=int)), r"y should be a 1d array.*\(24, 2\)"),
    ("NaN label", classify(y=changed(np.arange(24.0) % 2, 3, np.nan)), "Input y contains NaN"),
    ("missing label", classify(y=np.array([None, *LABELS[1:]], dtype=object)), "label"),
    ("mixed labels", classify(y=np.array([1, *LABELS[1:]], dtype=object)), "label"),
    ("labels too few", classify(y=LABELS[:-1]), "X and y.*differ in length"),
    ("no labels", classify(y=None), "requires y to be passed"),
    (
        "new label in y_val",
        classify(X_val=X, y_val=["sideways"] * 24),
        "label .*'sideways'.*none of the classes.*'up'",
    ),
    (
        "class of one member",
        classify(y=["odd", *LABELS[1:]], early_stopping=True),
        "cannot be split by class.*validation_split='random'",
    ),
    ("class_weight", classify(class_weight="equal"), "'class_weight'.*'balanced'.* Got 'equal'"),
    (
        "list for class_weight",
        classify(class_weight=[1, 2]),
        r"'class_weight'.*dict.* Got \[1, 2\]",
    ),
    ("class_weight of no class", classify(class_weight={"sideways": 2}), "class_weight"),
    ("negative class_weight", classify(class_weight={"up": -1.0, "down": 1.0}), "class_weight.*-1"),
    ("NaN class_weight", classify(class_weight={"up": float("nan")}), "class_weight.*nan"),
    ("text in class_weight", classify(class_weight={"up": "heavy"}), "class_weight.*heavy"),
    ("class_weight all zero", classify(class_weight={"up": 0, "down": 0}), "zero.*class_weight"),
    ("regression loss", classify(loss="squared_error"), "'loss'.*'log_loss'.* Got 'squared_error'"),
    (
        "new class at partial_fit",
        partial(X, ["sideways"] * 24),
        "label .*'sideways'.*none of the classes",
    ),
    (
        "changed classes at partial_fit",
        partial(X, LABELS, ["up", "sideways"]),
        "classes=.*not those of the first call",
    ),
    (
        "balanced partial_fit",
        partial(X, LABELS, class_weight="balanced"),
        "class_weight='balanced' needs all samples.*dict",
    ),
    (
        "features at predict",
        predict(X[:, :, :1]),
        "X has 1 features, but LSTMClassifier is expecting 2",
    ),
    (
        "probabilities of hinge",
        lambda model: clone(model).set_params(loss="hinge").fit(X, LABELS).predict_proba(X),
        "no attribute 'predict_proba'",
    ),
]

RIGHT_TYPE = {
    "no X": (ValueError, TypeError),
    "objects": (ValueError, TypeError),
    "scalar y": TypeError,
    "sparse": TypeError,
    "sparse at predict": TypeError,
    "quantiles of another loss": AttributeError,
    "probabilities of hinge": AttributeError,
}
CASES = [
    pytest.param(estimator, call, RIGHT_TYPE.get(name, ValueError), message, id=name)
    for estimator, table in (
        (LSTMRegressor, PARAMETERS),
        (LSTMRegressor, DATA),
        (LSTMClassifier, CLASSIFICATION),
    )
    for name, call, message in table
]


@pytest.fixture(scope="module")
def pickled():
    models = LSTMRegressor(**TINY).fit(X, Y), LSTMClassifier(**TINY).fit(X, LABELS)
    return {type(model): pickle.dumps(model) for model in models}


@pytest.fixture
def fitted(pickled):
    """Hold one fitted estimator of each kind; every wrong call must leave it as it is."""
    return {kind: pickle.loads(dump) for kind, dump in pickled.items()}


def state(model):
    outputs = model.predict(X) if isinstance(model, LSTMRegressor) else model.predict_proba(X)
    weights = [value.clone() for value in model.module_.state_dict().values()]
    return outputs, weights, {k: v for k, v in vars(model).items() if k.endswith("_")}


@pytest.mark.parametrize(("estimator", "call", "error", "message"), CASES)
def test_wrong_call(estimator, call, error, message, fitted):
    model = fitted[estimator]
    outputs, weights, attributes = state(model)
    parameters = model.get_params()
    try:
        with pytest.raises(error, match=message):
            call(model)
    finally:
        model.set_params(**parameters)
    after = state(model)
    assert_array_equal(after[0], outputs)
    assert all(torch.equal(new, old) for new, old in zip(after[1], weights, strict=True))
    assert after[2].keys() == attributes.keys()
    assert all(after[2][name] is value for name, value in attributes.items())


@pytest.mark.parametrize(
    ("estimator", "call"),
    [
        pytest.param(*case.values[:2], id=case.id)
        for case in CASES
        if not re.search(
            "at (predict|partial_fit|score)|another loss|of hinge|partial_fit$", case.id
        )
    ],
)
def test_an_unfitted_estimator_stays_unfitted(estimator, call):
    model = estimator(**TINY)
    with pytest.raises((ValueError, TypeError, AttributeError)):
        call(model)
    assert not [name for name in vars(model) if name.endswith("_")]


def test_there_are_enough_cases():
    assert len(CASES) >= 150
    assert len({case.id for case in CASES}) >= len(CASES) - 1


# ---------------------------------------------------------------- before fit


@pytest.mark.parametrize(
    ("estimator", "method"),
    [
        (LSTMRegressor, "predict"),
        (LSTMClassifier, "predict"),
        (LSTMClassifier, "predict_proba"),
        (LSTMClassifier, "predict_log_proba"),
        (LSTMClassifier, "decision_function"),
    ],
)
def test_before_fit(estimator, method):
    with pytest.raises(NotFittedError, match=f"This {estimator.__name__} instance is not fitted"):
        getattr(estimator(), method)(X)


def test_score_before_fit():
    with pytest.raises(NotFittedError, match="not fitted"):
        LSTMRegressor().score(X, Y)


def test_first_partial_fit_without_classes():
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        LSTMClassifier().partial_fit(X, LABELS)
    with pytest.raises(ValueError, match=r"label .*none of the classes \['down', 'sideways'\]"):
        LSTMClassifier(**TINY).partial_fit(X, LABELS, classes=["down", "sideways"])
    with pytest.raises(ValueError, match=r"at least 2 classes, but classes=\['up'\]"):
        LSTMClassifier(**TINY).partial_fit(X, LABELS, classes=["up"])
    with pytest.raises(ValueError, match="contains NaN"):
        LSTMClassifier(**TINY).partial_fit(X, np.zeros(len(X)), classes=[0.0, 1.0, np.nan])


def test_other_feature_names(fitted):
    model = LSTMRegressor(**TINY).fit(FRAME, Y)
    with pytest.raises(ValueError, match=r"(?s)feature names should match.*unseen.*- g"):
        model.predict(FRAME.rename(columns={"a": "g"}))
    with pytest.raises(ValueError, match=r"(?s)X has 5 features|feature names.*missing.*- a"):
        model.predict(FRAME.drop(columns="a"))
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        fitted[LSTMRegressor].fit(FRAME.rename(columns={"a": 0}), Y)


def test_a_callback_that_is_no_callback_of_skorch():
    class Almost:
        def on_epoch_end(self):
            pass

    with pytest.raises(ValueError, match=r"'callbacks'.*skorch callbacks.* Got .*Almost"):
        LSTMRegressor(**TINY, callbacks=[Almost()]).fit(X, Y)


def test_callback_classes_are_taken_as_skorch_takes_them():
    assert LSTMRegressor(**TINY, callbacks=[EpochTimer, ("own", Callback)]).fit(X, Y).n_iter_ == 2


# ---------------------------------------------------------------- transformers and windows

SERIES = RNG.normal(size=(12, 2))
NAMED = pd.DataFrame(SERIES, columns=["load", "heat"]).assign(site=list("aaaaaabbbbbb"))

WINDOWS = [
    (
        "window longer than the series",
        lambda: SlidingWindowTransformer(13).fit(SERIES),
        "window_size=13 is longer.*12 row.*Shorten the window",
    ),
    (
        "window longer than any series",
        lambda: SlidingWindowTransformer(7, group_by="site").fit(NAMED),
        "window_size=7 is longer.*6 row",
    ),
    ("window_size 0", lambda: SlidingWindowTransformer(0).fit(SERIES), "'window_size'.* Got 0"),
    (
        "float window_size",
        lambda: SlidingWindowTransformer(2.0).fit(SERIES),
        "'window_size'.*int.* Got 2.0",
    ),
    (
        "padding",
        lambda: SlidingWindowTransformer(2, padding="zero").fit(SERIES),
        "'padding'.*'edge'.* Got 'zero'",
    ),
    (
        "context",
        lambda: SlidingWindowTransformer(2, context=True).fit(SERIES),
        "'context'.*'last'.* Got True",
    ),
    (
        "flatten",
        lambda: SlidingWindowTransformer(2, flatten="yes").fit(SERIES),
        "'flatten'.* Got 'yes'",
    ),
    (
        "window_size True",
        lambda: SlidingWindowTransformer(True).fit(SERIES),
        "window_size.* Got True",
    ),
    (
        "group_by False",
        lambda: SlidingWindowTransformer(2, group_by=False).fit(SERIES),
        "'group_by' parameter must be a column of X.* Got False",
    ),
    (
        "group_by no column",
        lambda: SlidingWindowTransformer(2, group_by="city").fit(NAMED),
        "'group_by' parameter names 'city'.*neither a column.*'site'",
    ),
    (
        "group_by name of an array",
        lambda: SlidingWindowTransformer(2, group_by="site").fit(SERIES),
        "'group_by' parameter names 'site'.*DataFrame",
    ),
    (
        "group_by position",
        lambda: SlidingWindowTransformer(2, group_by=2).fit(SERIES),
        "'group_by'.*column of X, which has 2. Got 2",
    ),
    (
        "negative group_by",
        lambda: SlidingWindowTransformer(2, group_by=-1).fit(SERIES),
        "'group_by'.* Got -1",
    ),
    (
        "float group_by",
        lambda: SlidingWindowTransformer(2, group_by=0.5).fit(SERIES),
        "'group_by'.* Got 0.5",
    ),
    (
        "missing group",
        lambda: SlidingWindowTransformer(2, group_by="site").fit(
            NAMED.assign(site=[None, *"aaaaabbbbbb"])
        ),
        "group_by='site' holds a missing value in row 0",
    ),
    (
        "text beside the group",
        lambda: SlidingWindowTransformer(2, group_by="site").fit(NAMED.assign(text="x")),
        "could not convert string to float: 'x'",
    ),
    (
        "nothing but the group",
        lambda: SlidingWindowTransformer(2, group_by="site").fit(NAMED[["site"]]),
        r"0 feature\(s\)",
    ),
    (
        "1-D series",
        lambda: SlidingWindowTransformer(2).fit(SERIES[:, 0]),
        "(?s)Expected 2D array, got 1D array.*Reshape",
    ),
    ("3-D series", lambda: SlidingWindowTransformer(2).fit(X), "dim 3"),
    (
        "NaN in the series",
        lambda: SlidingWindowTransformer(2).fit(changed(SERIES, (3, 1), np.nan)),
        "(?s)Input X contains NaN",
    ),
    (
        "columns at transform",
        lambda: SlidingWindowTransformer(2).fit(SERIES).transform(SERIES[:, :1]),
        "X has 1 features, but SlidingWindowTransformer is expecting 2",
    ),
    ("transform before fit", lambda: SlidingWindowTransformer(2).transform(SERIES), "not fitted"),
    (
        "transformer of sequences",
        lambda: TimestepTransformer(StandardScaler()).fit(X).transform(X[:, :, :1]),
        "X has 1 features.*expecting 2",
    ),
    (
        "NaN in sequences",
        lambda: TimestepTransformer(StandardScaler(with_mean=True)).fit(X[..., None]),
        "X must be 2-D",
    ),
    ("make_windows size 0", lambda: make_windows(SERIES, 0), "'window_size'.*positive int. Got 0"),
    (
        "make_windows horizon 0",
        lambda: make_windows(SERIES, 2, 0),
        "'horizon'.*positive int. Got 0",
    ),
    (
        "make_windows stride 0",
        lambda: make_windows(SERIES, 2, stride=0),
        "'stride'.*positive int. Got 0",
    ),
    (
        "make_windows float size",
        lambda: make_windows(SERIES, 2.5),
        "'window_size'.*positive int. Got 2.5",
    ),
    (
        "make_windows bool size",
        lambda: make_windows(SERIES, True),
        "'window_size'.*positive int. Got True",
    ),
    (
        "make_windows too long",
        lambda: make_windows(SERIES, 10, 3),
        "window_size=10 and horizon=3.*at least 13 rows. Got 12",
    ),
    (
        "make_windows no column",
        lambda: make_windows(NAMED[["load"]], 2, target="heat"),
        r"target='heat' names no column.*\['load'\]",
    ),
    (
        "make_windows name of an array",
        lambda: make_windows(SERIES, 2, target="load"),
        "target='load' names no column.*position",
    ),
    (
        "make_windows position",
        lambda: make_windows(SERIES, 2, target=2),
        "target=2 is no column.*2 column",
    ),
    (
        "make_windows target length",
        lambda: make_windows(SERIES, 2, target=np.ones(11)),
        r"target must be.*\(11,\).*12 rows",
    ),
    ("make_windows 3-D", lambda: make_windows(X, 2), "series must be|dim 3"),
    (
        "make_windows NaN",
        lambda: make_windows(changed(SERIES, (3, 1), np.nan), 2),
        "Input series contains NaN",
    ),
    (
        "make_windows NaN target",
        lambda: make_windows(SERIES, 2, target=changed(np.ones(12), 5, np.nan)),
        "target holds NaN or infinity in row 5",
    ),
    ("make_windows text", lambda: make_windows(["a"] * 12, 2), "(?s)strings|convert"),
    ("make_windows empty", lambda: make_windows([], 2), "0 sample|empty"),
]


@pytest.mark.parametrize(("call", "message"), [pytest.param(c, m, id=n) for n, c, m in WINDOWS])
def test_wrong_windows(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "wrong",
    [changed(SERIES, (3, 1), np.inf), SERIES[:, :1], SERIES[:, 0], SERIES[:0]],
    ids=["inf", "narrow", "1-D", "empty"],
)
def test_a_transformer_survives_wrong_calls(wrong):
    transformer = SlidingWindowTransformer(3, context="last").fit(SERIES)
    before = np.array(transformer.transform(SERIES))
    for method in (transformer.transform, transformer.fit):
        if method == transformer.fit and wrong.shape[1:] == (1,):
            continue  # right for a fit
        with pytest.raises(ValueError, match=r"X|array"):
            method(wrong)
    assert_array_equal(transformer.transform(SERIES), before)


def test_messages_are_short():
    """A message that prints all the data helps nobody."""
    model = LSTMRegressor(**TINY)
    big = np.zeros((50_000, 2, 2, 2))
    with pytest.raises(ValueError, match="4 dimensions") as caught:
        model.fit(big, np.zeros(50_000))
    assert len(str(caught.value)) < 500
    assert not re.search(r"0x[0-9a-f]+", str(caught.value))


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (LSTMRegressor(max_epochs=1), np.arange(20.0)),
        (LSTMClassifier(max_epochs=1), np.arange(20) % 2),
        (LSTMRegressor(max_epochs=1, return_sequences=True), np.ones((20, 3))),
    ],
    ids=repr,
)
def test_masked_values_are_refused(estimator, y):
    X, weight = np.ones((20, 3, 2)), np.ones(20)
    for name, at in (("X", 0), ("y", 1), ("sample_weight", 2)):
        given = [X, y, weight]
        estimator.fit(*given)
        given[at] = np.ma.masked_array(given[at], mask=np.zeros(given[at].shape))
        estimator.fit(*given)
        given[at].mask.flat[0] = True
        with pytest.raises(ValueError, match=f"{name} holds masked values.*filled"):
            estimator.fit(*given)
