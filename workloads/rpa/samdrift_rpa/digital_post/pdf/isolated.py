"""Reading PDFs in a process that can be lost: a call that ends, whatever the document does to its reader."""

from __future__ import annotations

import atexit
from functools import cache
from typing import IO

from samdrift_platform.bounded_process import BoundedProcess, LostProcessError, OutOfTimeError
from samdrift_rpa.digital_post.reading import FileText, Reading

#: PDFs above this are not read. Digital Post takes messages of 99.5 MB, but a letter that is text is far smaller.
LARGEST_PDF_BYTES = 25_000_000
#: CPU seconds for one PDF: how busy the machine is makes no difference to what is read.
LONGEST_CPU_S = 10
#: Seconds by the clock, for what does not compute.
LONGEST_S = 60.0


class IsolatedReader:
    """One reading process. One PDF at a time."""

    def __init__(self, *, longest_cpu_s: int = LONGEST_CPU_S) -> None:
        """A PDF that takes longer ends the process."""
        self.process = BoundedProcess("samdrift_rpa.digital_post.pdf", str(longest_cpu_s), longest_s=LONGEST_S)

    def read(self, content: IO[bytes], size_bytes: int) -> FileText:
        """The text of a PDF of `size_bytes` that lies in `content`, a file at its beginning.

        No document makes it raise anything: what it does to its reader is a `Reading`.

        Raises:
            ProcessStartError: there is no process to read it.
        """
        if size_bytes > LARGEST_PDF_BYTES:
            return FileText(reading=Reading.TOO_LARGE)
        try:
            found = self.process.ask_file(content, size_bytes)
        except OutOfTimeError:
            return FileText(reading=Reading.TOO_SLOW)
        except LostProcessError:
            return FileText(reading=Reading.BROKEN)
        return FileText(reading=Reading(found["reading"]), text=found["text"])


@cache
def shared_reader() -> IsolatedReader:
    """The reader of this process."""
    reader = IsolatedReader()
    atexit.register(reader.process.close)
    return reader
