"""Any transformer of rows, applied to every time step of sequences."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm._transaction import transaction
from sklstm.data import Sequences, Windows, as_sequences, step_names


def _has_names(estimator: Any) -> bool:
    inner = getattr(estimator, "transformer_", estimator.transformer)
    return hasattr(inner, "get_feature_names_out")


def _takes_nan(transformer: Any) -> bool:
    """Tell whether a transformer is to be given NaN; those made of others say so when they run."""
    parts = ("steps", "transformers", "transformer_list", "func")
    is_made = any(hasattr(transformer, name) for name in parts)
    return is_made or bool(get_tags(transformer).input_tags.allow_nan)


class TimestepTransformer(  # type: ignore[call-arg]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
    auto_wrap_output_keys=None,
):
    """Apply a transformer of scikit-learn to every time step of sequences.

    The transformer sees the time steps as the rows of one table, so that it learns from all
    steps of all sequences alike: `StandardScaler`, `OneHotEncoder`, `KBinsDiscretizer`, `PCA`,
    `ColumnTransformer` and so on. The columns of that table have names where X is a list of
    DataFrames.

    Parameters
    ----------
    transformer : transformer
        Maps (n_rows, n_features) to (n_rows, n_features_out). A clone of it is fitted.

    Attributes
    ----------
    transformer_ : transformer
        Fitted on the present steps only. A step that several windows share counts once; so does
        each copy of the first row by which `SlidingWindowTransformer` pads windows.
    n_features_in_ : int
        Features of a time step; of 2-D X the number of columns.
    n_timesteps_in_ : int or None
        Columns of 2-D X; None where X was sequences.
    step_names_ : list of str or None
        Columns of the DataFrames, where X was a list of them.

    See Also
    --------
    SlidingWindowTransformer : Its windows stay a view: each row of the series is transformed once.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklstm import TimestepTransformer
    >>> sequences = [np.array([[1.0], [3.0]]), np.array([[2.0]])]
    >>> scaled = TimestepTransformer(StandardScaler()).fit_transform(sequences)
    >>> [sequence.round(2).ravel().tolist() for sequence in scaled]
    [[-1.22, 1.22], [0.0]]
    """

    step_names_: list[str] | None

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit(self, X: Any, y: object = None) -> "TimestepTransformer":
        """Fit the transformer on all present time steps.

        Parameters
        ----------
        X : array-like
            Sequences: (n_samples, n_timesteps, n_features), (n_samples, n_timesteps), or a list of
            (n_timesteps_i, n_features) arrays. Any dtype that the transformer takes.
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        with transaction(self):
            self._fit(X)
        return self

    def transform(self, X: Any) -> Any:
        """Transform every present time step.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.

        Returns
        -------
        ndarray, Windows or list of ndarray
            (n_samples, n_timesteps, n_features_out) for 3-D and 2-D X, absent steps being NaN;
            `Windows` for `Windows`; a list of (n_timesteps_i, n_features_out) arrays for ragged
            X. Of a view of windows, a read-only view again.
        """
        check_is_fitted(self)
        sequences = self._check_X(X, reset=False)
        return _like(X, sequences, self._transform_rows(sequences))

    @available_if(_has_names)  # type: ignore[untyped-decorator]
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the transformer's names of the features of a time step.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features that go in.

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self)
        names: NDArray[Any] = self.transformer_.get_feature_names_out(input_features)
        return names

    def set_output(self, *, transform: str | None = None) -> "TimestepTransformer":
        """Change nothing: sequences are no table and stay arrays.

        Parameters
        ----------
        transform : object
            Ignored.

        Returns
        -------
        self : object
        """
        return self

    def _fit(self, X: Any) -> None:
        if not (hasattr(self.transformer, "fit") and hasattr(self.transformer, "transform")):
            raise TypeError(
                "The 'transformer' parameter must be a transformer with fit and transform, such as "
                f"StandardScaler(). Got {self.transformer!r} instead."
            )
        sequences = self._check_X(X, reset=True)
        self.n_features_in_ = sequences.n_columns
        self.n_timesteps_in_ = sequences.table_timesteps
        self.transformer_ = clone(self.transformer).fit(self._table(sequences))

    def _check_X(self, X: Any, *, reset: bool) -> Sequences:
        validate_data(self, X, reset=reset, skip_check_array=True, ensure_2d=False)
        names = step_names(X, None if reset else self.step_names_)
        if reset:
            self.step_names_ = names
        sequences = as_sequences(X, None, allow_nan=_takes_nan(self.transformer))
        if not reset and not sequences.fits(self.n_features_in_, self.n_timesteps_in_):
            raise ValueError(
                f"X has {sequences.n_columns} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
        return sequences

    def _table(self, sequences: Sequences) -> Any:
        """Return the present steps as rows, in a DataFrame where their features have names."""
        rows = sequences.rows[sequences.is_present()]
        if self.step_names_ is None:
            return rows
        import pandas as pd  # not before it is needed

        table = pd.DataFrame(rows, columns=self.step_names_)
        return table.infer_objects() if rows.dtype == object else table

    def _transform_rows(self, sequences: Sequences) -> NDArray[Any]:
        present = sequences.is_present()
        transformed = self.transformer_.transform(self._table(sequences))
        if hasattr(transformed, "toarray"):
            transformed = transformed.toarray()
        values = np.asarray(transformed)
        if values.ndim != 2 or len(values) != present.sum():
            raise ValueError(
                f"The transformer must map every time step to one row: of {present.sum()} rows it "
                f"made an array of shape {values.shape}. {self.transformer_!r} cannot be applied "
                "step by step."
            )
        if present.all():
            return values
        # of a dtype that has a NaN for the absent steps
        if values.dtype.kind in "biu":
            values = values.astype(np.float64)
        elif values.dtype.kind != "f":
            values = values.astype(object)
        rows = np.full((len(present), values.shape[1]), np.nan, dtype=values.dtype)
        rows[present] = values
        return rows

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.transformer)
        tags.input_tags.allow_nan = _takes_nan(self.transformer)
        tags.input_tags.string = inner.input_tags.string
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = inner.transformer_tags.preserves_dtype
        return tags


def _like(X: Any, sequences: Sequences, rows: NDArray[Any]) -> Any:
    """Put transformed rows where X has its own."""
    if sequences.layout == "windows":
        return Windows(rows, X.first, X.window_size, X.span)
    if sequences.layout == "ragged":
        places = zip(sequences.first, sequences.lengths, strict=True)
        return [rows[first : first + length] for first, length in places]
    begin = sequences.first - (0 if sequences.skipped is None else sequences.skipped)
    n_samples, n_timesteps = len(sequences), sequences.n_timesteps
    hop = int(begin[1] - begin[0]) if n_samples > 1 else n_timesteps
    if hop == n_timesteps:
        return rows.reshape(n_samples, n_timesteps, -1)
    step, feature = rows.strides
    return as_strided(
        rows[begin[0] :],
        shape=(n_samples, n_timesteps, rows.shape[1]),
        strides=(hop * step, step, feature),
        writeable=False,
    )
