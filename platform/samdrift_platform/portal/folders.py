"""Where the portal and each workload keep templates, static files and catalogues."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from samdrift_platform.contract import Workload


@dataclass(frozen=True, kw_only=True)
class PageFolder:
    """A package as the portal sees it; none of its three folders has to exist."""

    name: str
    root: Path

    @property
    def templates(self) -> Path:
        """Jinja2 templates; a workload's lie in a folder of its name below."""
        return self.root / "templates"

    @property
    def static(self) -> Path:
        """Files served below `/static/<name>/`."""
        return self.root / "static"

    @property
    def locales(self) -> Path:
        """Catalogues: `<language>/LC_MESSAGES/messages.po`."""
        return self.root / "locales"


PORTAL = PageFolder(name="portal", root=Path(__file__).parent)


def page_folders(workloads: Iterable[Workload]) -> list[PageFolder]:
    """The portal's own folder, then each workload's: the package of the module that defines its class."""
    return [PORTAL, *(PageFolder(name=each.name, root=root) for each in workloads for root in _package_roots(each))]


def _package_roots(workload: Workload) -> list[Path]:
    package = type(workload).__module__.rpartition(".")[0]
    spec = find_spec(package) if package else None
    return [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
