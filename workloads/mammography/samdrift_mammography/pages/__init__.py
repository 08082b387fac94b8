"""The workload's pages: worklist, exam with viewer and decision, refused files, quality, agreement."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from samdrift_mammography.pages import agreement, batch, decision, exam, fhir, files, images, quality, worklist


def router() -> APIRouter:
    """The pages below `/mammography`."""
    pages = APIRouter(include_in_schema=False)
    pages.add_api_route("/", worklist.worklist, response_class=HTMLResponse)
    pages.add_api_route("/worklist.csv", worklist.worklist_csv)
    pages.add_api_route("/waiting", files.waiting, response_class=HTMLResponse)
    pages.add_api_route("/refused", files.refused, response_class=HTMLResponse)
    pages.add_api_route("/quality", quality.quality, response_class=HTMLResponse)
    pages.add_api_route("/agreement", agreement.agreement, response_class=HTMLResponse)
    pages.add_api_route("/agreement.csv", agreement.agreement_csv)
    pages.add_api_route("/submissions/{submission_id}/exams.csv", batch.batch_csv)
    pages.add_api_route("/exams/{item_id}", exam.exam, response_class=HTMLResponse)
    pages.add_api_route("/exams/{item_id}/fhir", fhir.fhir)
    pages.add_api_route("/exams/{item_id}/reading", decision.decide, methods=["POST"])
    pages.add_api_route("/exams/{item_id}/views/{number}.png", images.small)
    pages.add_api_route("/exams/{item_id}/views/{number}/heat-map.png", images.heat_map)
    pages.add_api_route("/exams/{item_id}/views/{number}/full.png", images.full)
    return pages
