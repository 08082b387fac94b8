"""What nobody expected: answered with an error id, and logged without what may be personal."""

from __future__ import annotations

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samdrift_platform.control.problems import UnexpectedError, problem_of, respond


class UnexpectedErrors:
    """Turns what nobody expected into a problem with an error id, and writes it to the log without its message.

    An exception's message may quote a person's data; its type and the lines of code that it came through do not.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an answer that has begun can only be broken off."""
        begun = False

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noticing)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:  # noqa: BLE001 - the outermost place: it is logged and answered
            unexpected = UnexpectedError()
            unexpected.__cause__ = error
            problem = problem_of(unexpected)
            if begun or scope["type"] != "http":
                raise unexpected from None
            await respond(Request(scope), problem)(scope, receive, send)
