"""The model at work: from one image's bytes to a score, marks and a small picture; from views to an exam's step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography import lesion_head
from samdrift_mammography.density import Density, DensityModel, histogram
from samdrift_mammography.features import FeatureExtractor
from samdrift_mammography.film import canonical, resample
from samdrift_mammography.heat_map import heat_map
from samdrift_mammography.lesion_head import LesionHead, ReferencePopulation, film_score
from samdrift_mammography.marks import Mark, marks
from samdrift_mammography.picture import png
from samdrift_mammography.pixels import read_picture
from samdrift_mammography.quality.pixels import pixel_findings
from samdrift_mammography.views import View

if TYPE_CHECKING:
    from samdrift_registry.verified import VerifiedModel

#: Marks are drawn where a cell alone would bring its exam to this step or above.
MARKED_FROM_STEP = 8
#: Pixel side of the pictures on the pages in mm: enough to see where a mark is, not to read the film.
SHOWN_PIXEL_MM = 0.4


@dataclass(frozen=True, kw_only=True)
class ScoredView:
    """What the model says about one image, and the picture to show it on."""

    score: float
    marks: Sequence[Mark]
    png: bytes
    #: The scores of all cells, over the whole picture, as a grey PNG: 255 is `Engine.heat_full` or more.
    heat_png: bytes
    #: Shares of its grey values, for `Engine.density`.
    histogram: NDArray[np.float64]
    #: Whether the size of a pixel had to be assumed.
    pixel_mm_assumed: bool
    #: What a person should know of the pixels, as codes of `reasons.IMAGE_FINDINGS`.
    quality: Sequence[str] = ()


class Engine:
    """The loaded model. Deterministic: the same bytes give the same answer on the same machine."""

    def __init__(
        self,
        extractor: FeatureExtractor,
        head: LesionHead,
        reference: ReferencePopulation,
        density: DensityModel | None = None,
        model: VerifiedModel | None = None,
    ) -> None:
        self._extractor = extractor
        self._head = head
        self._density = density
        self.reference = reference
        #: What the head was registered as; None for one that was loaded without the registry.
        self.model = model
        self._marked_from = float(reference.deciles[MARKED_FROM_STEP - 2])
        #: Cell score that is brightest in a heat map: a cell alone would bring its exam to step 10.
        self.heat_full = float(reference.deciles[-1])

    @classmethod
    def load(cls, folder: Path, model: VerifiedModel | None = None) -> Engine:
        """The engine of a model's verified folder, on one thread: replicas share the machine.

        Every result says that it comes from `model`. Where Ray lent this process a share of a GPU, the network runs
        there; without one PyTorch sees none.
        """
        import torch

        from samdrift_mammography.network import pretrained

        torch.set_num_threads(1)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        head, reference = lesion_head.load(folder)
        tuned = {name: torch.from_numpy(each) for name, each in head.trunk.items()}
        return cls(FeatureExtractor(pretrained(tuned), device), head, reference, DensityModel.from_settings(), model)

    def score(self, data: bytes, view: View) -> ScoredView:
        """Score one DICOM file.

        Raises:
            UnreadableFileError: its pixels cannot be decoded.
            NoBreastError: there is no breast in it.
            WrongSideError: the breast is on the other side than `view` says.
        """
        picture = read_picture(data)
        found = pixel_findings(picture, view)
        film = canonical(picture.grey, pixel_mm=picture.pixel_mm, oblique=view.is_oblique)
        cells = self._extractor.cells(film)
        cell_scores = self._head.cell_scores(cells)
        grid = np.where(cells.scored, cells.on_grid(cell_scores), np.nan)
        return ScoredView(
            score=film_score(cell_scores, cells),
            marks=marks(grid, film, at_least=self._marked_from),
            png=png(resample(picture.grey, picture.pixel_mm / SHOWN_PIXEL_MM)),
            heat_png=png(heat_map(grid, film, full=self.heat_full)),
            histogram=histogram(film.pixels),
            pixel_mm_assumed=picture.pixel_mm_assumed,
            quality=found,
        )

    def density(self, histograms: Mapping[View, NDArray[np.float64]]) -> Density | None:
        """The exam's density; None without a density model, or without one of the four standard views."""
        return None if self._density is None else self._density.density(histograms)

    def step(self, scores: Sequence[float]) -> int:
        """An exam's step from 1 to 10: that of its highest view."""
        return self.reference.step(max(scores))
