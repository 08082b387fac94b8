"""The reading process: `python -m samdrift_rpa.digital_post.pdf SECONDS`, started by `isolated`.

SECONDS are what one PDF may take of a CPU. The process ends when its input ends, so it outlives the one that started it
by no more than that.
"""

from __future__ import annotations

import encodings
import importlib
import itertools
import logging
import os
import pkgutil
import resource
import sys
from contextlib import suppress
from dataclasses import asdict

from samdrift_platform.bounded_answering import Answering
from samdrift_rpa.digital_post.pdf.extracting import extract
from samdrift_rpa.digital_post.pdf.writing import write_pdf
from samdrift_rpa.digital_post.reading import Reading

#: Address space in bytes: a letter takes some 60 MB, of which the interpreter has 40.
MOST_MEMORY_BYTES = 512 * 1024**2
#: What pypdf uses where it happens to be installed: without it, a PDF says the same on every machine.
_LEFT_OUT = ("fontTools", "PIL", "brotli")


def main() -> None:
    """Read until the input ends."""
    logging.disable()  # what the library says quotes documents
    asked = Answering()
    warm_up()
    confine()
    for content in asked.questions(cpu_s=float(sys.argv[1])):
        found = extract(content)
        asked.answer(asdict(found))
        if found.reading is Reading.TOO_LARGE:
            return  # memory that ran out comes back with another process


def warm_up() -> None:
    """Load all that reading needs, while files can still be opened."""
    sys.modules.update(dict.fromkeys(_LEFT_OUT))  # type: ignore[arg-type]  # None: importing it fails (sys.modules)
    for each in pkgutil.iter_modules(encodings.__path__):
        with suppress(ImportError):  # those of other systems
            importlib.import_module(f"encodings.{each.name}")
    extract(write_pdf("A letter, read to load what reading loads."))


def confine() -> None:
    """From now on no file and no connection is opened, no file grows, and memory has an end.

    The kernel keeps it so: it gives no descriptor beyond those that are open (getrlimit(2), RLIMIT_NOFILE).
    """
    free = _lowest_free()
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))


def _lowest_free() -> int:
    """The lowest descriptor that is not open."""
    for each in itertools.count():
        try:
            os.fstat(each)
        except OSError:
            return each
    raise AssertionError  # count() has no end


if __name__ == "__main__":
    main()
