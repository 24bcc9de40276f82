"""Somebody who is elevated to act as others, and a member to act as."""

from dataclasses import dataclass
from typing import Any

from tests.support.members import Person, past_every_door, person
from tests.support.server import Front
from tests.web.test_session_cookie import Headers, with_cookie_of
from tests.web.test_session_cookie_elevation import elevated

ACT = """mutation Act($i: ImpersonateInput!) { impersonate(input: $i) {
    actingAs { id name by until } userErrors { code field } } }"""
END = "mutation { endImpersonation { actedAs { id } userErrors { code } } }"
WHO = "{ viewer { user { id email } actingAs { id by } sessions { id } memberships { tenant { slug } } } }"


@dataclass(frozen=True, slots=True)
class Play:
    """An admin, elevated to it, and a manager who belongs to another tenant too."""

    front: Front
    admin: Person
    member: Person
    cookie: Headers

    async def begin(self, **given: str) -> Any:  # Any: an answer
        wanted = {"userId": f"usr_{self.member.id}", "justification": "They asked me to look", **given}
        return await self.front.post(ACT, {"i": wanted}, headers=self.cookie)

    async def act(self) -> Headers:
        """The cookie of the session that acts."""
        return with_cookie_of(await self.begin())[0]


async def played(front: Front) -> Play:
    """People whom no other test knows."""
    admin, member = await person(front, "admin"), await person(front, "manager")
    globex = await member.directory.tenant_by_slug("globex")
    assert globex is not None
    await member.directory.put_membership(globex["id"], member.id, "viewer")
    cookie = await elevated(front, (await admin.session())[0], scopes=["users:impersonate"])
    return Play(front, admin, member, cookie)


async def records(play: Play) -> list[dict[str, Any]]:  # Any: JSON
    """What is on record of the admin since the elevation."""
    await play.front.app.state.audit.settle()
    sql = """SELECT action, outcome, operation_name, replace(acting_as_id::text, '-', '') AS acting_as,
                 elevation_id IS NOT NULL AS elevated, changes::text
             FROM audit_log WHERE actor_id = $1 AND action <> 'signIn' AND (action, outcome) <> ('elevate', 'ALLOWED')
             ORDER BY created_at, id"""
    return [dict(row) for row in await past_every_door(play.front, sql, play.admin.id)]


def acting_of(play: Play, body: Any) -> bool:  # Any: JSON
    """Whether the answer says who acts as whom."""
    said = body.get("extensions", {}).get("actingAs")
    assert said is None or (said["by"], said["name"]) == ("Zoë", "Zoë")
    return said is not None and said["id"] == f"usr_{play.member.id}" and said["until"].endswith("Z")
