"""How PDFs are handed to the reading process."""

from __future__ import annotations

import struct

#: Its length in bytes, before the bytes themselves.
LENGTH = struct.Struct(">I")
#: What the process says before it is handed anything.
READY = b"ready\n"
