"""The workload's pages: its processes, their statistics, and what each process shows of its cases."""

from __future__ import annotations

from fastapi import APIRouter

from samdrift_rpa.pages import invoices


def router() -> APIRouter:
    """The pages below `/rpa`, one module a topic."""
    pages = APIRouter(include_in_schema=False)
    pages.include_router(invoices.router())
    return pages
