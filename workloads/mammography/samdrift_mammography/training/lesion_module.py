"""The lesion head as a Lightning module: cells inside a finding against cells of images without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.nn import functional

from samdrift_mammography.features import WIDTH, cell_features
from samdrift_mammography.network import EfficientNetLite0

#: The last block whose output is a feature; blocks after it do nothing here.
LAST_BLOCK = 14
#: Tuned blocks learn so many times slower than the head, which starts from nothing.
TRUNK_SLOWER = 0.1


class Item(TypedDict):
    """One image. Cached features, or pixels to run the network on."""

    #: (breast cells, `WIDTH`); empty when `pixels` are given.
    features: Tensor
    #: (rows, columns), grey values 0-255; empty when `features` are given.
    pixels: Tensor
    #: (rows, columns) of cells: which are breast.
    breast: Tensor
    #: (breast cells,): which count.
    counted: Tensor
    #: (findings, breast cells): weights that sum to 1 for each finding.
    findings: Tensor
    #: Whether the image has no finding, so that all its cells are negatives.
    normal: bool


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How fast it learns."""

    learning_rate: float = 0.004
    #: Of the head alone. As strong as the closed form's shrinkage: there are far more features than findings.
    weight_decay: float = 0.5


class LesionModule(LightningModule):
    """A linear head over cells, and the trunk below it when its last blocks are tuned.

    Every finding counts alike whatever its size, and so does every image without one.
    """

    def __init__(self, network: EfficientNetLite0, rates: Rates, *, tuned_blocks: int = 0) -> None:
        super().__init__()
        self.head = nn.Linear(WIDTH, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.network = network
        self._rates = rates
        self._tuned = self._unfreeze(tuned_blocks)

    def forward(self, item: Item) -> Tensor:
        """Log-odds of the image's breast cells, shape (cells,)."""
        features = item["features"]
        if not features.numel():
            features = cell_features(self.network, item["pixels"], item["breast"])
        logits: Tensor = self.head(features)[:, 0]
        return logits

    def training_step(self, batch: Sequence[Item], _: int) -> Tensor:
        """The loss of a batch."""
        return self._loss(batch)

    def validation_step(self, batch: Sequence[Item], _: int) -> None:
        """Log `val_loss`, on which training stops."""
        self.log("val_loss", self._loss(batch), batch_size=len(batch))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Gradient descent with Nesterov's momentum; tuned blocks learn `TRUNK_SLOWER` and do not decay."""
        rate, decay = self._rates.learning_rate, self._rates.weight_decay
        groups = [{"params": list(self.head.parameters()), "lr": rate, "weight_decay": decay}]
        if self._tuned:
            groups.append({"params": self._tuned, "lr": rate * TRUNK_SLOWER, "weight_decay": 0.0})
        return torch.optim.SGD(groups, momentum=0.9, nesterov=True)

    def on_train_epoch_start(self) -> None:
        """Keep the trunk's normalisation as ImageNet left it: batches here are single films."""
        self.network.eval()

    def tuned(self) -> dict[str, Tensor]:
        """The trunk's weights that were tuned, by their names."""
        return {
            name: each.detach().cpu().clone() for name, each in self.network.named_parameters() if each.requires_grad
        }

    def _loss(self, batch: Sequence[Item]) -> Tensor:
        found: list[Tensor] = []
        for item in batch:
            logits = self(item)
            if item["normal"]:
                found.append(functional.softplus(logits[item["counted"]]).mean())
            elif len(item["findings"]):
                found.append((item["findings"] @ functional.softplus(-logits)).mean())
        return torch.stack(found).mean()

    def _unfreeze(self, blocks: int) -> list[nn.Parameter]:
        self.network.requires_grad_(requires_grad=False)
        chosen = self.network._blocks[LAST_BLOCK + 1 - blocks : LAST_BLOCK + 1]
        return list(chosen.requires_grad_().parameters())
