"""What is told of an operation that took long: which one, for whom, how long. Never its text, never its variables."""

import structlog

from auth.principal import Principal
from schema.answers import Answer
from schema.documents import DocumentCache, Refused, document_id
from schema.requests import OperationRequest

_log = structlog.get_logger()


def tell_slow(
    request: OperationRequest, caller: Principal | None, outcome: Answer, took: float, documents: DocumentCache
) -> None:
    """One line in the log; the document is told by its id, as the registry knows it."""
    text = request.document or ""
    _log.warning(
        "slow_operation",
        operation=_name_of(request, documents, text),
        kind=outcome.operation,
        document=document_id(text),
        tenant=None if caller is None else caller.tenant.hex,
        user=None if caller is None else caller.user_id,
        code=outcome.code or next(iter(sorted(outcome.codes)), None),
        ms=round(took * 1000, 1),
    )


def _name_of(request: OperationRequest, documents: DocumentCache, text: str) -> str | None:
    """As the document has it: what a request says beside it can be anything."""
    document = documents.kept(text)
    if document is None or isinstance(document, Refused):
        return None
    node = document.operation(request.operation_name)
    return node.name.value if not isinstance(node, Refused) and node.name is not None else None
