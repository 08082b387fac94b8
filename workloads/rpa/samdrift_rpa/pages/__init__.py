"""The workload's pages: its processes, their statistics, and what each process shows of its cases."""

from __future__ import annotations

from fastapi import APIRouter

from samdrift_rpa.pages import cases, digital_post, driving_licence, evidence, invoices, processes, statistics


def router() -> APIRouter:
    """The pages below `/rpa`, one module a topic."""
    pages = APIRouter(include_in_schema=False)
    for topic in (processes, statistics, cases, invoices, digital_post, driving_licence, evidence):
        pages.include_router(topic.router())
    return pages
