"""Another issuer's bearer tokens: an issuer that signs as a test wants, and an authenticator that knows it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from auth.authenticate import Authenticator, Credentials
from auth.foreign_tokens import ForeignTokens
from auth.issuers import Issuer
from auth.outside import Outside
from auth.principal import Principal
from tests.support.database import Dsns
from tests.support.people import KEYRING, People, open_people
from tests.support.provider import IdentityProvider, Json, open_provider

AUDIENCE = "https://tides.example/graphql"


def issuer_of(provider: IdentityProvider, **changes: Any) -> Issuer:  # Any: one value per setting
    """How a deployment of ours is told of this issuer."""
    return Issuer(**{"issuer": provider.issuer, "audience": AUDIENCE, **changes})


@dataclass
class ForeignDesk:
    """``token`` signs for whoever ``provider.person`` is; ``configure`` says whom we take tokens from."""

    people: People
    provider: IdentityProvider
    outside: Outside
    foreign: ForeignTokens
    authenticator: Authenticator

    def configure(self, *issuers: Issuer) -> None:
        self.foreign = ForeignTokens(issuers, self.people.directory, self.outside, self.people.clock)
        self.authenticator = Authenticator(self.people.directory, KEYRING, self.people.clock, foreign=self.foreign)

    async def member(self, *slugs: str, role: str = "viewer") -> str:
        """A user of ours whose email the issuer vouches for."""
        email = await self.people.user(*(slugs or (await self.people.tenant(),)), role=role)
        self.provider.person |= {"email": email, "email_verified": True}
        return email

    def token(self, **said: Any) -> str:  # Any: JSON
        now = int(self.people.clock().timestamp())
        honest: Json = {"aud": AUDIENCE, "iat": now, "exp": now + 300, **self.provider.person}
        self.provider.claims = {name: None for name, value in said.items() if value is None}
        return self.provider.id_token({**honest, **said})

    async def ask(self, token: str, tenant: str | None = None) -> Principal:
        principal = await self.authenticator.authenticate(Credentials(token, None, tenant))
        assert principal is not None
        return principal

    async def counts(self) -> list[int]:
        """Users, links, memberships: what a refusal must leave as it was."""
        tables = ("users", "identities", "memberships")
        return [(await self.people.run(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]


@asynccontextmanager
async def open_foreign_desk(dsns: Dsns) -> AsyncIterator[ForeignDesk]:
    outside = Outside()
    try:
        async with open_people(dsns) as people, open_provider() as provider:
            foreign = ForeignTokens((), people.directory, outside, people.clock)
            desk = ForeignDesk(people, provider, outside, foreign, people.authenticator)
            desk.configure(issuer_of(provider))
            yield desk
    finally:
        await outside.close()
