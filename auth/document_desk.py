"""What an operator does with registered documents from the command line.

Every function raises OperatorError, in words for a person.
"""

import re
from collections.abc import Mapping, Sequence

from auth.api_keys import NAME, PREFIX, name_of
from auth.authenticate import tenant_of_operator
from auth.errors import OperatorError
from auth.records import by_operator
from db.audit_records import AuditRecord, Outcome
from db.clock import utc_now
from db.directory import Directory, Row
from db.documents import Draft, Grantee, Terms

ID_PREFIX = "sha256:"
_BEGINNING = re.compile("[0-9a-f]{4,64}")
_LONGEST_OWNER = 200


async def grantee_of(directory: Directory, text: str) -> Grantee:
    """Whom ``acme`` or ``tgk_…`` means: a tenant by its slug, or a key by its name."""
    if not text.startswith(PREFIX):
        return Grantee((await tenant_of_operator(directory, text)).hex)
    name = name_of(text)
    found = await directory.api_keys.callers([name]) if NAME.fullmatch(name) else {}
    if name not in found:
        raise OperatorError("no such key", f"There is no key {name!r}.")
    return Grantee(found[name]["tenant_id"], name)


async def publish(directory: Directory, drafts: Sequence[Draft], terms: Terms) -> dict[str, bool]:
    """Register them on these terms. By id whether each is new."""
    owner = terms.owner.strip()
    if not 1 <= len(owner) <= _LONGEST_OWNER or not owner.isprintable():
        raise OperatorError("owner", f"An owner is named by 1 to {_LONGEST_OWNER} printable characters.")
    records = [_published(draft, grantee, owner) for grantee in terms.grantees for draft in drafts]
    return dict(await directory.documents.publish(drafts, terms, record=records))


def _published(draft: Draft, grantee: Grantee, owner: str) -> AuditRecord:
    """What the tenant's trail tells of it; what is for everybody is nobody's in particular."""
    told = {"operations": list(draft.operations), "key": grantee.key_name or None, "owner": owner}
    return _record(grantee, "publishDocument", draft.id, {name: (None, value) for name, value in told.items()})


def _record(grantee: Grantee, action: str, document_id: str, changes: Mapping[str, Sequence[object]]) -> AuditRecord:
    who, now = by_operator(), utc_now()
    return AuditRecord(grantee.tenant_id, who, now, action, Outcome.ALLOWED, "document", document_id, changes)


async def find_one(directory: Directory, text: str) -> Row:
    """The document whose id begins so, if there is exactly one."""
    beginning = text.removeprefix(ID_PREFIX)
    if not _BEGINNING.fullmatch(beginning):
        raise OperatorError("id", f"{text[:80]!r} is no id: the first 4 to 64 hex digits of a document's SHA-256.")
    found = await directory.documents.all(beginning, limit=2)
    if len(found) != 1:
        how_many = "no document" if not found else "more than one document"
        raise OperatorError("no such document", f"There is {how_many} whose id begins with {beginning!r}.")
    return found[0]


async def retire(directory: Directory, document: Row, grantee: Grantee | None = None) -> bool:
    """Let nobody run it by its id any more; or only take back the grant of one. Whether that changed anything."""
    if grantee is None:
        return bool(await directory.documents.retire([document["id"]]))
    record = _record(grantee, "revokeDocument", document["id"], {"key": (grantee.key_name or None, None)})
    return bool(await directory.documents.revoke([document["id"]], grantee, record=record))
