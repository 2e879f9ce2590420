"""Networks in torch: layers, pooling, heads and the model made of them."""

from sklstm.nn.attention import Attention
from sklstm.nn.cells import CELLS
from sklstm.nn.crop import RandomCrop
from sklstm.nn.custom import CustomModel
from sklstm.nn.differences import Differences
from sklstm.nn.encoder_decoder import Decoding, EncoderDecoder
from sklstm.nn.encodings import Embedding, Encoded, PiecewiseLinear, Quantile
from sklstm.nn.features import Features, Inputs
from sklstm.nn.feeds import NumberFeed, SymbolFeed
from sklstm.nn.image_model import ImageModel
from sklstm.nn.inputs import Standardize
from sklstm.nn.multidimensional import MultidimensionalLayer
from sklstm.nn.normalization import NORMALIZATIONS
from sklstm.nn.patches import Patches
from sklstm.nn.plain import ACTIVATIONS, PlainCell
from sklstm.nn.pooling import POOLINGS
from sklstm.nn.recurrent import RecurrentLayer, Start
from sklstm.nn.sequence_model import SequenceModel
from sklstm.nn.stream import ModelStream

__all__ = [
    "ACTIVATIONS",
    "CELLS",
    "NORMALIZATIONS",
    "POOLINGS",
    "Attention",
    "CustomModel",
    "Decoding",
    "Differences",
    "Embedding",
    "Encoded",
    "EncoderDecoder",
    "Features",
    "ImageModel",
    "Inputs",
    "ModelStream",
    "MultidimensionalLayer",
    "NumberFeed",
    "Patches",
    "PiecewiseLinear",
    "PlainCell",
    "Quantile",
    "RandomCrop",
    "RecurrentLayer",
    "SequenceModel",
    "Standardize",
    "Start",
    "SymbolFeed",
]
