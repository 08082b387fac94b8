"""How plans reach people and building-management systems: by e-mail, and as files in a folder."""

from __future__ import annotations

#: Names of the receivers.
MAIL = "mail"
FOLDER = "folder"
