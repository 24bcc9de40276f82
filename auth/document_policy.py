"""Which documents a caller may run: said of the whole deployment, and of each API key."""

from enum import IntEnum


class DocumentPolicy(IntEnum):
    """From the loosest to the strictest. Said of a document: the strictest that it satisfies."""

    AD_HOC = 0
    """Any text."""
    REGISTERED = 1
    """A document that is registered for the caller, by whomever."""
    TRUSTED = 2
    """A document that an operator published for the caller."""


BY_NAME = {policy.name.lower().replace("_", "-"): policy for policy in DocumentPolicy}
"""As settings and commands write them: ``ad-hoc``."""
