"""The page of error codes, written out of the tables that the code answers from."""

_HEAD = """# Error codes

Every error carries `extensions.code`, one of these, and `extensions.requestId`. Beside a code stands the HTTP status of
an operation that was refused before it ran: as `application/graphql-response+json`, then as `application/json`. An
answer that holds `data` is always 200. What a rule of the domain refuses is no error but an entry of `userErrors`.

Written by `make schema`; change `schema/errors.py` instead.

| code | what it tells the client | status | as JSON |
|---|---|---|---|
"""
_USER_ERRORS = """
## Codes of user errors

`userErrors { code message field }`: `field` is the path into the mutation's `input`. A `CONFLICT` is a `ConflictError`
and carries the row as it is now in `current`.

"""


def error_page() -> str:
    """Markdown: one row a code."""
    from schema.errors import CODES
    from schema.user_errors import UserErrorCode
    from web.negotiation import STATUSES

    rows = [
        f"| `{code}` | {meaning} | {STATUSES[code][0]} | {STATUSES[code][1]} |\n" for code, meaning in CODES.items()
    ]
    return _HEAD + "".join(rows) + _USER_ERRORS + ", ".join(f"`{code.value}`" for code in UserErrorCode) + "\n"
