"""The libraries that `training.py` compares, one module a peer.

A peer's module is imported in a worker process of its own, and has

``PACKAGES``
    Names of the imported packages whose versions are reported.
``Peer(case)``
    Makes the data of a `Case` as the library takes them; this is not timed. Then, as often as
    asked:

    ``fit(n_epochs)``
        Trains a new model; returns the time of each epoch's end, by ``time.perf_counter``.
    ``predict()``
        Returns the trained model's forecast of each of ``y``, one for every training window.

Wherever a library leaves the choice: one LSTM layer and one linear layer on its last state, squared
error, AdamW without weight decay at a constant `LEARNING_RATE`, float32, on the CPU.
"""
