import numpy as np
import pytest
import torch
from torch.nn import functional

from sklstm.nn import ImageModel, Standardize

BLOCKS = [((1, 1),), ((2, 1), (2, 2)), ((1, 3), (3, 2), (2, 1)), ((5, 2), (4, 4))]


def make_model(rng, blocks, *, height=7, n_channels=2, dtype=torch.float64):
    mean, scale = rng.normal(size=height * n_channels), rng.uniform(0.5, 2, height * n_channels)
    model = ImageModel(
        Standardize(mean, scale),
        height,
        n_channels,
        3,
        hidden_layer_sizes=(2, 3, 4)[: len(blocks)],
        block_sizes=blocks,
        subsample_sizes=(5, 3)[: len(blocks) - 1],
        dropout=0.0,
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.as_tensor(0.3 * rng.normal(size=parameter.shape)))
    return model.to(dtype)


def make_batch(rng, widths, n_features, padding=0.0):
    x = rng.normal(size=(len(widths), max(widths), n_features))
    for image, width in zip(x, widths, strict=True):
        image[width:] = padding
    return torch.as_tensor(x)


def predict_naively(model, x):
    """Return the outputs of one image without padding, (width, height * channels)."""
    x = (x - model.inputs.mean) / model.inputs.scale
    width = len(x)
    pixels = x.numpy().reshape(width, 7, 2).transpose(1, 0, 2)
    for (rows, columns), dense, layer in zip(
        model.block_sizes, model.dense, model.layers, strict=True
    ):
        height, width, n_features = pixels.shape
        blocks = np.zeros((-(-height // rows), -(-width // columns), rows, columns, n_features))
        for i in range(height):
            for j in range(width):
                blocks[i // rows, j // columns, i % rows, j % columns] = pixels[i, j]
        flat = torch.as_tensor(blocks.reshape(*blocks.shape[:2], -1))
        pixels = layer(dense(flat)[None], None)[0].detach().numpy()
    return model.head(torch.as_tensor(pixels.sum(0))).detach()


@pytest.mark.parametrize("blocks", BLOCKS)
@pytest.mark.parametrize("padding", [0.0, 100.0])
def test_ragged_batch_agrees_with_images_alone(rng, blocks, padding):
    model = make_model(rng, blocks).eval()
    widths = [5, 1, 12, 8, 2]
    x = make_batch(rng, widths, 14, padding)
    outputs = model(x, torch.tensor(widths))
    alone = [predict_naively(model, image[:width]) for image, width in zip(x, widths, strict=True)]
    torch.testing.assert_close(outputs, torch.cat(alone), rtol=0, atol=1e-12)
    assert [len(part) for part in alone] == model.output_lengths(np.array(widths)).tolist()


@pytest.mark.parametrize("blocks", BLOCKS)
def test_full_lengths_are_as_good_as_none(rng, blocks):
    model = make_model(rng, blocks)
    x = make_batch(rng, [6, 6, 6], 14)
    torch.testing.assert_close(model(x), model(x, torch.tensor([6, 6, 6])), rtol=0, atol=1e-12)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_output_lengths_agree_with_outputs(rng, blocks):
    model = make_model(rng, blocks)
    widths = np.arange(1, 26)
    lengths = model.output_lengths(widths)
    assert isinstance(lengths, np.ndarray)
    assert torch.equal(model.output_lengths(torch.as_tensor(widths)), torch.as_tensor(lengths))
    for width, length in zip(widths, lengths, strict=True):
        assert model(torch.zeros(2, width, 14, dtype=torch.float64)).shape == (2 * length, 3)
    x = make_batch(rng, widths.tolist(), 14)
    assert len(model(x, torch.as_tensor(widths))) == lengths.sum()


def test_float32_predictions_do_not_depend_on_the_batch(rng):
    model = make_model(rng, BLOCKS[2], dtype=torch.float32).eval()
    widths = [5, 1, 12, 8, 2]
    x = make_batch(rng, widths, 14).float()
    with torch.no_grad():
        together = model(x, torch.tensor(widths))
        alone = [model(image[None, :width]) for image, width in zip(x, widths, strict=True)]
    assert together.dtype == torch.float64  # the head computes in double precision
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("height", [1, 8, 13, 40])
def test_defaults_halve_the_width(height):
    model = ImageModel(Standardize(np.zeros(height), np.ones(height)), height, 1, 5).float()
    assert model(torch.zeros(2, 9, height)).shape == (10, 5)
    assert model.output_lengths(np.array([8, 9])).tolist() == [4, 5]


def test_dropout_works_in_training_only(rng):
    model = make_model(rng, BLOCKS[1])
    model.dropout = 0.5
    x = make_batch(rng, [6, 6], 14)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


def test_learns_where_bars_stand():
    """Standing bars are one letter and lying bars another; columns alone tell them apart badly."""
    rng = np.random.default_rng(0)

    def make_images(n_images, n_letters=4, size=6):
        images = np.zeros((n_images, n_letters * size, size))
        letters = rng.integers(2, size=(n_images, n_letters))
        for image, word in zip(images, letters, strict=True):
            for place, letter in enumerate(word):
                square = image[place * size : (place + 1) * size]
                at = rng.integers(1, 5)
                square[(slice(None), at) if letter else (at, slice(None))] = 1.0
        return torch.as_tensor(images, dtype=torch.float32), torch.as_tensor(letters + 1)

    model = ImageModel(
        Standardize(np.full(6, 0.15), np.full(6, 0.35)),
        6,
        1,
        3,
        hidden_layer_sizes=(4, 12),
        block_sizes=((2, 1), (3, 2)),
        subsample_sizes=(8,),
        dropout=0.0,
    ).float()
    optimizer = torch.optim.AdamW(model.parameters(), 0.02)
    for _ in range(60):
        x, letters = make_images(32)
        scores = model(x).view(32, -1, 3).transpose(0, 1).log_softmax(2)
        lengths = torch.full((32,), len(scores))
        loss = functional.ctc_loss(scores, letters, lengths, torch.full((32,), 4))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    x, letters = make_images(50)
    best = model.eval()(x).view(50, -1, 3).argmax(2)
    read = [torch.unique_consecutive(path) for path in best]
    right = sum(torch.equal(path[path > 0], word) for path, word in zip(read, letters, strict=True))
    assert right >= 45
