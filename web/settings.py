"""The settings, and the only reader of the environment.

``Settings.load()`` takes what is there; ``Settings.for_serve()`` also refuses what production must not run with.
Both name every wrong setting at once.
``.env.example`` is generated from the fields below by ``tidegate config --example``.
"""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from auth.issuers import Issuer
from auth.providers import Provider, is_safe_address
from web.redaction import MASK, mask_text

PREFIX = "TIDEGATE_"
DEMO_SECRET_PREFIX = "tidegate-demo-"  # noqa: S105  a mark, not a secret
SHORTEST_SECRET = 32
_OUTSIDE = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
_SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "database_owner_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss", "unix"),
}


class SettingsError(Exception):
    """Settings are wrong or missing; ``problems`` holds one sentence each, beginning with the setting's name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """What the process runs with. Frozen; a changed copy comes from ``model_copy(update=…)``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        repr=False,
        description="The runtime login, which owns nothing: postgresql://tidegate_app:password@host/tidegate",
    )
    database_owner_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_OWNER_URL",
        repr=False,
        description="The owner's login: migrate, seed, doctor and the event log's partitions; serve needs none",
    )
    redis_url: str | None = Field(
        default=None,
        validation_alias="REDIS_URL",
        repr=False,
        description="Wakes streams across workers, keeps their reservations, counts them; without it, one worker",
    )
    secrets: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        repr=False,
        description=f"Comma separated, each {SHORTEST_SECRET} characters or more: the first signs, all verify",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen on")
    port: int = Field(default=8000, ge=1, le=65535, description="The port to listen on")
    environment: Literal["production", "demo"] = Field(
        default="production", description="production, or demo (which `tidegate demo` sets)"
    )
    demo_password: str | None = Field(
        default=None,
        repr=False,
        min_length=8,
        description="The one password of all demo users; random ones are made without it",
    )
    public_url: str | None = Field(
        default=None, description="Our own address as browsers see it, https://…: needed to sign in at a provider"
    )
    oidc: tuple[Provider, ...] = Field(
        default=(),
        repr=False,
        description="Sign-in providers as a JSON list of {name, label, issuer, client_id, client_secret, join}",
    )
    issuers: tuple[Issuer, ...] = Field(
        default=(),
        repr=False,
        description="Issuers whose tokens are taken as a JSON list of {issuer, audience, jwks_uri, tenant_claim, join}",
    )
    session_idle_minutes: int = Field(
        default=1440, ge=5, le=525_600, description="Minutes without a request after which a session ends"
    )
    session_hours: int = Field(
        default=336, ge=1, le=8_760, description="Hours after signing in when a session ends, however much it is used"
    )
    introspection: Literal["everyone", "signed-in", "off"] = Field(
        default="signed-in", description="Who may read the schema: everyone, signed-in or off"
    )
    engine: Literal["compiled", "reference"] = Field(
        default="compiled",
        description="What runs queries: compiled plans, or graphql-core alone (reference), which is slower",
    )
    log_days: int = Field(
        default=7, ge=1, le=3650, description="Days that the event log is kept: how far back a stream can resume"
    )
    audit_days: int = Field(
        default=400, ge=31, le=36500, description="Days that the audit trail is kept, in whole months"
    )
    log_format: Literal["console", "json"] = Field(default="json", description="console or json")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error"
    )
    pool_size: int = Field(
        default=10, ge=1, le=1000, description="Most database connections of one worker that carry a tenant"
    )
    ping_seconds: float = Field(
        default=12, gt=0, le=60, description="Seconds between keep-alive comments on a silent stream"
    )
    drain_seconds: float = Field(
        default=10, ge=0, le=600, description="Seconds over which open streams are ended when the server stops"
    )
    streams_per_user: int = Field(
        default=100, ge=1, description="Most open streams of one user in one tenant, at all workers together"
    )
    streams_per_tenant: int = Field(
        default=2000, ge=1, description="Most open streams of one tenant, at all workers together"
    )
    streams: int = Field(default=20000, ge=1, description="Most open streams of one worker")
    stream_rate: int = Field(
        default=500, ge=1, description="New streams a second that one worker lets in; more wait, or come back later"
    )
    data_dir: Path = Field(
        default=Path(".tidegate"), description="Where the demo keeps its PostgreSQL, its secrets and its passwords"
    )
    metrics_token: str | None = Field(
        default=None,
        repr=False,
        min_length=16,
        description="Bearer token that opens /metrics to others than this machine",
    )

    @field_validator("secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("database_url", "database_owner_url", "redis_url")
    @classmethod
    def _check_scheme(cls, value: str | None, info: ValidationInfo) -> str | None:
        schemes = _SCHEMES[str(info.field_name)]
        if value is not None and urlsplit(value).scheme not in schemes:
            raise ValueError(f"must begin with {schemes[0]}://")
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is not None and (not is_safe_address(value) or urlsplit(value).path not in {"", "/"}):
            raise ValueError("must be https://host, without a path")
        return value

    @classmethod
    def load(cls) -> Self:
        """The settings of this environment. Raises SettingsError with every malformed one."""
        settings, problems = cls._read()
        if problems:
            raise SettingsError(problems)
        return settings

    @classmethod
    def for_serve(cls, workers: int = 1) -> Self:
        """The settings of a production server. Raises SettingsError with all that is malformed, missing, unknown or
        unfit."""
        settings, problems = cls._read()
        named = {problem.split()[0] for problem in problems}
        problems += [each for each in settings.production_problems(workers) if each.split()[0] not in named]
        if problems:
            raise SettingsError(problems)
        return settings

    def production_problems(self, workers: int = 1) -> list[str]:
        """Why a production server must not start with these settings: one sentence each, none when it may."""
        same_login = self.database_url is not None and _login(self.database_url) == _login(self.database_owner_url)
        checks = [
            (self.database_url is None, "DATABASE_URL is missing: the runtime login's postgresql:// address"),
            (same_login, "DATABASE_OWNER_URL has the login of DATABASE_URL: row-level security needs two"),
            (not self.secrets, "TIDEGATE_SECRETS is missing: make one with `openssl rand -hex 32`"),
            (
                any(len(secret) < SHORTEST_SECRET for secret in self.secrets),
                f"TIDEGATE_SECRETS holds one shorter than {SHORTEST_SECRET} characters",
            ),
            (
                any(secret.startswith(DEMO_SECRET_PREFIX) for secret in self.secrets),
                "TIDEGATE_SECRETS holds one that the demo made: make one with `openssl rand -hex 32`",
            ),
            (self.environment == "demo", "TIDEGATE_ENVIRONMENT is demo: serve runs in production only"),
            (self.demo_password is not None, "TIDEGATE_DEMO_PASSWORD is set: production has no demo users"),
            (
                bool(self.oidc) and self.public_url is None,
                "TIDEGATE_PUBLIC_URL is missing: sign-in providers send browsers back to it",
            ),
            (
                workers > 1 and self.redis_url is None,
                f"REDIS_URL is missing: {workers} workers wake each other's streams through Redis",
            ),
        ]
        return [problem for holds, problem in checks if holds] + _unknown_names()

    def shown(self) -> dict[str, str]:
        """Every setting by its environment name, fit to be printed: secrets masked."""
        return {env_name(field): _shown(getattr(self, field), info) for field, info in type(self).model_fields.items()}

    @classmethod
    def _read(cls) -> tuple[Self, list[str]]:
        """What could be read (a malformed setting at its default), and a sentence for each that could not."""
        try:
            return cls(), []
        except ValidationError as error:
            wrong = {str(each["loc"][0]): str(each["msg"]) for each in error.errors()}
        names = {name: field for field in cls.model_fields for name in (field, env_name(field))}
        defaults = {names[name]: cls.model_fields[names[name]].default for name in wrong}
        return cls(**defaults), [
            f"{env_name(names[name])} is wrong: {_plain(message)}" for name, message in wrong.items()
        ]


def env_name(field: str) -> str:
    """The environment variable that a field is read from."""
    return field.upper() if field.upper() in _OUTSIDE else PREFIX + field.upper()


def example() -> str:
    """The text of ``.env.example``."""
    lines = [
        "# Every setting, with its default. The environment alone is read; to take a file: set -a; . ./.env; set +a",
        "# Generated from web/settings.py: tidegate config --example > .env.example",
    ]
    for field, info in Settings.model_fields.items():
        default = "" if info.default in (None, ()) else str(info.default)
        lines += ["", f"# {info.description}", f"#{env_name(field)}={default}"]
    return "\n".join(lines) + "\n"


def _shown(value: object, info: FieldInfo) -> str:
    if value is None or value == ():
        return ""
    if info.repr:
        return str(value)
    return mask_text(value) if isinstance(value, str) and "://" in value else MASK


def _login(dsn: str | None) -> str | None:
    return urlsplit(dsn).username if dsn else None


def _plain(message: str) -> str:
    return (
        message.removeprefix("Value error, ")
        .removeprefix("Input ")
        .replace(", unable to parse string as an integer", "")
    )


def _unknown_names() -> list[str]:
    known = {env_name(field) for field in Settings.model_fields}
    problems = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1)
            problems.append(f"{name} is no setting" + (f": {near[0]} is meant?" if near else ""))
    return problems
