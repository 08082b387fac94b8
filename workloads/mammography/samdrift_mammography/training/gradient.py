"""The recipe by gradient descent: Lightning's loop, MONAI's augmentation, early stopping; saves safetensors."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything
from pytorch_lightning.callbacks import EarlyStopping
from safetensors.numpy import save_file
from torch.utils.data import DataLoader, Dataset

from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.features import cells_of
from samdrift_mammography.film import CELL
from samdrift_mammography.lesion_head import CellReading, LesionHead, tensors_of
from samdrift_mammography.network import pretrained
from samdrift_mammography.training.cross_validation import splits
from samdrift_mammography.training.examples import Example
from samdrift_mammography.training.labels import Severity
from samdrift_mammography.training.lesion_module import LAST_BLOCK, Item, LesionModule, Rates
from samdrift_mammography.training.transforms import film_of, prepared


@dataclass(frozen=True, kw_only=True)
class Gradient:
    """The recipe with its choices. The same seed on the same machine gives the same head."""

    #: At most so many passes over the images; fewer when the loss on the women kept aside stops falling.
    epochs: int = 20
    #: Passes without a lower loss after which it stops.
    patience: int = 4
    #: Images a step.
    batch: int = 8
    rates: Rates = field(default_factory=Rates)
    #: Last blocks of the trunk (of 15) that learn too, on augmented pixels; 0: cached features, minutes for hours.
    tuned_blocks: int = 0
    seed: int = 0
    reading: CellReading = field(default_factory=CellReading)

    def fit(self, known: Sequence[Example], checkpoints: Path | None = None) -> LesionHead:
        """The head with the lowest loss on a fifth of the women; each better one is also written to `checkpoints`.

        Raises:
            TrainingDataError: there are too few women to keep a fifth aside, or no finding has a place.
        """
        if not 0 <= self.tuned_blocks <= LAST_BLOCK + 1:
            raise TrainingDataError(f"tuned_blocks is {self.tuned_blocks}; the trunk has {LAST_BLOCK + 1} blocks.")
        seed_everything(self.seed, workers=True, verbose=False)
        train, kept = _parts(known, self.seed)
        module = LesionModule(pretrained(), self.rates, tuned_blocks=self.tuned_blocks)
        best = _Best(self.reading, checkpoints)
        with warnings.catch_warnings():
            # Lightning's advice on loader workers and small epochs: examples are in memory, and collections are small.
            warnings.filterwarnings("ignore", module="pytorch_lightning")
            logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # which devices there are, and tips
            self._trainer(best).fit(module, self._loader(train, learn=True), self._loader(kept, learn=False))
        return best.head(module)

    def _trainer(self, best: Callback) -> Trainer:
        return Trainer(
            accelerator="auto",
            devices=1,
            max_epochs=self.epochs,
            deterministic="warn",  # bilinear upsampling has no deterministic kernel on a GPU
            callbacks=[EarlyStopping("val_loss", patience=self.patience), best],
            num_sanity_val_steps=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    def _loader(self, known: Sequence[Example], *, learn: bool) -> DataLoader[Item]:
        items = _Pixels(known, self.seed, augmented=learn) if self.tuned_blocks else _Features(known)
        return DataLoader(items, batch_size=self.batch, shuffle=learn, collate_fn=list)


class _Best(Callback):
    """Keeps the weights with the lowest `val_loss`."""

    def __init__(self, reading: CellReading, checkpoints: Path | None) -> None:
        self._reading = reading
        self._checkpoints = checkpoints
        self._loss = float("inf")
        self._head: LesionHead | None = None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compare, keep, and write."""
        loss = float(trainer.callback_metrics["val_loss"])
        if loss < self._loss and isinstance(pl_module, LesionModule):
            self._loss, self._head = loss, _head(pl_module, self._reading)
            if self._checkpoints is not None:
                self._checkpoints.mkdir(parents=True, exist_ok=True)
                save_file(tensors_of(self._head), self._checkpoints / f"epoch-{trainer.current_epoch:03d}.safetensors")

    def head(self, module: LesionModule) -> LesionHead:
        """The best; where no loss was a number, the last."""
        return self._head or _head(module, self._reading)


class _Features(Dataset[Item]):
    """Items of cached features."""

    def __init__(self, known: Sequence[Example]) -> None:
        self._known = known

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, index: int) -> Item:
        each = self._known[index]
        breast = each.cells.breast
        return Item(
            features=torch.from_numpy(each.cells.features.astype(np.float32)),
            pixels=torch.empty(0),
            breast=torch.from_numpy(breast),
            counted=torch.from_numpy(each.cells.scored[breast]),
            findings=_stacked(each.lesions, int(breast.sum())),
            normal=each.image.severity is Severity.NORMAL,
        )


class _Pixels(Dataset[Item]):
    """Items of pixels, each time read and augmented anew."""

    def __init__(self, known: Sequence[Example], seed: int, *, augmented: bool) -> None:
        self._known = known
        self._prepare = prepared(augmented=augmented)
        self._prepare.set_random_state(seed)

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, index: int) -> Item:
        image = self._known[index].image
        data: dict[str, Any] = dict(self._prepare({"image": image}))
        film = film_of(data)
        breast = cells_of(film.breast)
        maps = np.asarray(data["lesions"])[:, CELL // 2 :: CELL, CELL // 2 :: CELL][:, breast]
        return Item(
            features=torch.empty(0),
            pixels=torch.from_numpy(film.pixels),
            breast=torch.from_numpy(breast),
            counted=torch.from_numpy(cells_of(film.scored)[breast]),
            findings=_stacked([each / each.sum() for each in maps if each.any()], int(breast.sum())),
            normal=image.severity is Severity.NORMAL,
        )


def _parts(known: Sequence[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """Those that teach something: four fifths of the women to learn from, the others to stop by."""
    useful = [each for each in known if each.lesions or each.image.severity is Severity.NORMAL]
    if not any(each.lesions for each in useful) or all(each.lesions for each in useful):
        raise TrainingDataError(
            "Training needs findings with a place, and images without a finding. Label more images."
        )
    train, kept = next(splits(useful, seed))
    return [useful[index] for index in train], [useful[index] for index in kept]


def _stacked(findings: Sequence[Any], cells: int) -> torch.Tensor:
    found = np.stack(findings).astype(np.float32) if len(findings) else np.zeros((0, cells), dtype=np.float32)
    return torch.from_numpy(found)


def _head(module: LesionModule, reading: CellReading) -> LesionHead:
    tuned = {name: each.numpy() for name, each in module.tuned().items()}
    return LesionHead(weight=module.head.weight.detach().cpu().numpy()[0].copy(), reading=reading, trunk=tuned)
