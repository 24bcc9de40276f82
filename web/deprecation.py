"""How an answer says that what it was asked by is on its way out: ``Deprecation`` (RFC 9745), ``Sunset`` (RFC 8594)."""

from email.utils import formatdate

from schema.deprecations import Deprecation
from web.refusals import Header


def deprecation_fields(deprecation: Deprecation | None) -> tuple[Header, ...]:
    """None for what stays."""
    if deprecation is None:
        return ()
    since = () if deprecation.since is None else ((b"deprecation", b"@%d" % deprecation.since),)
    until = () if deprecation.until is None else ((b"sunset", formatdate(deprecation.until, usegmt=True).encode()),)
    return since + until
