"""How a PDF is handed to the reading process."""

from __future__ import annotations

import struct

#: Its length in bytes, before the bytes themselves.
LENGTH = struct.Struct(">I")
