"""What the quality control found, counted over the worklist."""

from __future__ import annotations

from fastapi.responses import HTMLResponse

from samdrift_mammography.pages.asking import SignedIn, worklist_of
from samdrift_mammography.worklist import waiting
from samdrift_mammography.worklist.quality import quality_counts


def quality(shell: SignedIn) -> HTMLResponse:
    """Exams for each code, refused files and those in quarantine, exams without a score for each screening unit."""
    with worklist_of(shell) as connection:
        found, kept = quality_counts(connection), waiting.quarantined(connection)
    return shell.page("mammography/quality.html", found=found, quarantined=kept)
