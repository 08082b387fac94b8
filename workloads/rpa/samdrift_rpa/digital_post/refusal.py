"""Why a message is refused: a code that is counted, and a sentence without anything of the letter's own."""

from __future__ import annotations

from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.messages import N_

TOO_LARGE = N_("The message is larger than %(limit)s MB, which is the most that is taken in. Nothing of it was used.")
NOT_XML = N_("The message is not well-formed XML in UTF-8 (line %(line)s). It must be sent again.")
NO_XML_NAME = N_("A name or a character in the message is none that XML may have. It must be sent again.")
OTHER_ENCODING = N_("The message is written in %(encoding)s. MeMo is written in UTF-8.")
DOCTYPE = N_("The message has a document type definition (DOCTYPE). MeMo has none, and nothing of it was read.")
TOO_DEEP = N_("The message is nested deeper, or has more elements, than a MeMo can have.")
TEXT_TOO_LONG = N_("A text in the message is longer than a MeMo's may be.")
NOT_MEMO = N_("The root element is not a MeMo message.")
UNKNOWN_VERSION = N_("The memoVersion is %(version)s. This process reads 1.1 and 1.2.")
SCHEMA = N_("The message breaks the MeMo %(version)s schema: %(rules)s.")
LACKS = N_("The message lacks %(element)s, which a MeMo %(version)s must have.")
NOT_A = N_("%(element)s is not a value that a MeMo may have there.")
NO_CONTENT = N_("File %(number)s of the message has no content: the attachment is missing.")
NOT_BASE64 = N_("The content of file %(number)s is not base64.")
FILE_NAME = N_("The name of file %(number)s is not a file name.")
MANY_FILES = N_("The message has more than %(most)s files.")

CONTAINER_BROKEN = N_("The container is no tar in LZMA that can be read to its end. Nothing in it was used.")
CONTAINER_TOO_LARGE = N_(
    "The container holds more than %(limit)s MB, or grows to more than %(times)s times its size. "
    "Nothing in it was used."
)
CONTAINER_ENTRY = N_(
    "Entry %(number)s of the container is no plain file in it: a link, a device, or a name that leads elsewhere. "
    "Nothing in it was used."
)
CONTAINER_LETTERS = N_("The container holds no letter, or more than %(most)s. Nothing in it was used.")
CONTAINER_NESTED = N_("A container inside a container is not read.")


class MessageRefusedError(BusinessError):
    """The message cannot be taken in as it came. Its sender must send it again, mended."""
