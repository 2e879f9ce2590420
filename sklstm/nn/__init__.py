"""Networks in torch: layers, pooling, heads and the model made of them."""

from sklstm.nn.custom import CustomModel
from sklstm.nn.encodings import Embedding, Encoded, PiecewiseLinear, Quantile
from sklstm.nn.features import Features
from sklstm.nn.image_model import ImageModel
from sklstm.nn.inputs import Standardize
from sklstm.nn.multidimensional import MultidimensionalLayer
from sklstm.nn.normalization import NORMALIZATIONS
from sklstm.nn.patches import Patches
from sklstm.nn.plain import ACTIVATIONS, PlainCell
from sklstm.nn.pooling import POOLINGS
from sklstm.nn.recurrent import CELLS, RecurrentLayer
from sklstm.nn.sequence_model import SequenceModel
from sklstm.nn.stream import ModelStream

__all__ = [
    "ACTIVATIONS",
    "CELLS",
    "NORMALIZATIONS",
    "POOLINGS",
    "CustomModel",
    "Embedding",
    "Encoded",
    "Features",
    "ImageModel",
    "ModelStream",
    "MultidimensionalLayer",
    "Patches",
    "PiecewiseLinear",
    "PlainCell",
    "Quantile",
    "RecurrentLayer",
    "SequenceModel",
    "Standardize",
]
