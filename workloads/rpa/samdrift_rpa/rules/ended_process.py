"""The process for large documents: `python -m samdrift_rpa.rules.ended_process SECONDS FOLDER`, started by `ended`.

SECONDS are what one document may take of a CPU, FOLDER holds the rules. The process ends when its input ends, and when
it has had nothing to do for a while.
"""

from __future__ import annotations

import sys
from pathlib import Path

from samdrift_platform.bounded_answering import Answering
from samdrift_rpa.documents import read_document
from samdrift_rpa.rules.official import OfficialRules

#: Seconds without a document after which it ends, and gives its memory back.
IDLE_S = 120.0


def main() -> None:
    """Hold documents to the rules until the input ends."""
    asked = Answering()
    rules = OfficialRules(Path(sys.argv[2]))
    for content in asked.questions(cpu_s=float(sys.argv[1]), idle_s=IDLE_S):
        asked.answer(rules.validate_here(read_document(content)).to_json())


if __name__ == "__main__":
    main()
