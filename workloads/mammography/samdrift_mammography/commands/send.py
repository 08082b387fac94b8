"""`samdrift mammography send`: a folder of DICOM files to a PACS, and whether the PACS lists each of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from samdrift_mammography.results.pacs import Pacs

To = Annotated[
    str,
    typer.Option("--to", help="dicom://AE_TITLE@host:port, or the http(s) address of DICOMweb.", show_default=False),
]
Credentials = Annotated[
    str,
    typer.Option(
        "--credentials", help="File with one line for DICOMweb: user:password, or Bearer and a token.", metavar="FILE"
    ),
]
Calling = Annotated[str, typer.Option("--calling", help="Our AE title; that of the settings when left out.")]


class Status(StrEnum):
    """What became of one file."""

    #: The PACS lists it.
    LISTED = "listed"
    #: The PACS says that it stored it, and does not list it or cannot be asked.
    NOT_CONFIRMED = "not-confirmed"
    #: The PACS does not take it.
    REFUSED = "refused"
    #: The PACS does not answer, or cannot take it now. Send it again.
    NOT_SENT = "not-sent"
    #: It is no DICOM file that could be sent.
    UNREADABLE = "unreadable"


def send(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, show_default=False)],
    to: To,
    credentials: Credentials = "",
    calling: Calling = "",
    json_lines: Annotated[bool, typer.Option("--json-lines", help="A JSON object a line, for programs.")] = False,
) -> None:
    """Send every DICOM file below a folder to a PACS and ask the PACS for it; one line a file.

    The exit status is 0 only when the PACS lists every file. Sending a file again stores nothing twice.
    """
    from samdrift_mammography.folder_store import files_below
    from samdrift_mammography.results.pacs import open_pacs

    pacs = open_pacs(to, credentials=credentials, calling=calling)
    all_listed = True
    for path in files_below(folder):
        line = {"file": str(path.relative_to(folder)), **sent(pacs, path.read_bytes())}
        all_listed = all_listed and line["status"] == Status.LISTED
        sys.stdout.write((json.dumps(line, ensure_ascii=False) if json_lines else _told(line)) + "\n")
        sys.stdout.flush()
    raise typer.Exit(0 if all_listed else 1)


def sent(pacs: Pacs, data: bytes) -> dict[str, str]:
    """What became of one file: `sop_instance_uid`, `status`, and `reason` unless it is listed."""
    from samdrift_mammography.errors import UnreadableFileError
    from samdrift_mammography.results.instance import Instance
    from samdrift_mammography.results.pacs import confirmed
    from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError

    uid = ""
    try:
        instance = Instance.of_file(data)
        uid = instance.sop_instance_uid
        confirmed(pacs, data, instance)
    except UnreadableFileError as error:
        return _line(uid, Status.UNREADABLE, error.message)
    except ReceiverRefusedError as error:
        return _line(uid, Status.REFUSED, error.message)
    except CannotTellError as error:
        return _line(uid, Status.NOT_CONFIRMED, error.message)
    except TryAgainError as error:
        return _line(uid, Status.NOT_SENT, error.message)
    return _line(uid, Status.LISTED, "")


def _line(sop_instance_uid: str, status: Status, reason: str) -> dict[str, str]:
    return {"sop_instance_uid": sop_instance_uid, "status": str(status), "reason": reason}


def _told(line: Mapping[str, str]) -> str:
    return f"{line['file']}: {line['status']}" + (f" ({line['reason']})" if line["reason"] else "")
