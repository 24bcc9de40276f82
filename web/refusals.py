"""What the front door turns away before the schema sees it. A refusal knows its code; the table knows its status."""

from collections.abc import Sequence

Header = tuple[bytes, bytes]


class Refusal(Exception):
    """A request that is not taken further. ``status`` overrides the code's own; ``headers`` go with the answer.

    The message is told to the client: it holds nothing that the client sent.
    """

    def __init__(self, code: str, message: str, status: int | None = None, headers: Sequence[Header] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = tuple(headers)


class ClientGone(Exception):
    """The client hung up before it had said everything; there is nobody to answer."""
