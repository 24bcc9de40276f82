"""What can be set: every setting with its default, its range and a sentence, and nothing else."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from auth.addresses import NetworkRule
from auth.issuers import Issuer
from auth.peers import Peers
from auth.providers import Provider, is_safe_address
from web.hosts import plain_host
from web.json_list import JsonList, parsed
from web.origins import plain_origin

PREFIX = "TIDEGATE_"
SHORTEST_SECRET = 32
_SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "database_owner_url": ("postgresql", "postgres"),
    "database_replica_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss", "unix"),
}


class SettingFields(BaseSettings):
    """The fields of ``Settings``, which reads and judges them."""

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
    database_replica_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_REPLICA_URL",
        repr=False,
        description="A streaming standby, by the runtime login: queries are read there while it is fresh enough",
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
        default=None, description="Our own address as browsers see it, https://…: for sign-in providers and peers"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Comma separated hosts by which the server is asked (tides.example); others get 421. Empty: any",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Comma separated origins of other sites (https://app.example) whose pages may use the server",
    )
    oidc: JsonList[Provider] = Field(
        default=(),
        repr=False,
        description="Sign-in providers as a JSON list of {name, label, issuer, client_id, client_secret, join}",
    )
    issuers: JsonList[Issuer] = Field(
        default=(),
        repr=False,
        description="Issuers whose tokens are taken as a JSON list of {issuer, audience, jwks_uri, tenant_claim, join}",
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="Proxies before the server, each adding its caller to X-Forwarded-For; 0: that is not read",
    )
    address_lists: JsonList[NetworkRule] = Field(
        default=(),
        description='From where what may be done, as a JSON list of {permission ("*": everything), networks}',
    )
    peers: Annotated[Peers, NoDecode, BeforeValidator(parsed)] = Field(
        default=(),
        repr=False,
        description="Instances that sign requests, JSON: {name, key_id, public_key, tenant, subjects}",
    )
    session_idle_minutes: int = Field(
        default=1440, ge=5, le=525_600, description="Minutes without a request after which a session ends"
    )
    session_hours: int = Field(
        default=336, ge=1, le=8_760, description="Hours after signing in when a session ends, however much it is used"
    )
    introspection: Literal["everyone", "signed-in", "off"] = Field(
        default="off",
        description="Who may read the schema: everyone (the demo's), signed-in (who is no API key and no peer) or off",
    )
    graphiql: bool = Field(default=False, description="Whether GraphiQL is served at /graphiql, as the demo does")
    newest_statuses: bool = Field(
        default=False,
        description="294 for data with errors, 422 for what the schema refuses: GraphQL over HTTP of August 2026",
    )
    deadline_seconds: float = Field(
        default=10, ge=0.1, le=300, description="Seconds after which a query or a mutation is cancelled"
    )
    slow_seconds: float = Field(
        default=1, ge=0.001, le=300, description="Seconds from which a query or a mutation is told in the log as slow"
    )
    operations: int = Field(
        default=500, ge=1, description="Most operations that one worker answers at once; more are sent away with 503"
    )
    cost_limit: int = Field(default=10_000, ge=100, description="What one operation may cost: @cost and @listSize")
    cost_limit_export: int = Field(
        default=60_000, ge=100, description="The same for callers who may export:run, if that is more"
    )
    budget_tenant: int = Field(
        default=100_000_000, ge=0, description="What a tenant's operations may cost a minute, all together; 0: anything"
    )
    budget_user: int = Field(
        default=50_000_000, ge=0, description="The same for each user of a tenant, in sessions and by tokens"
    )
    budget_key: int = Field(default=50_000_000, ge=0, description="The same for each API key and each peer of a tenant")
    budget_address: int = Field(
        default=100_000_000, ge=0, description="The same for each address, an IPv6 /64, whoever asks from there"
    )
    documents: Literal["ad-hoc", "registered", "trusted"] = Field(
        default="ad-hoc",
        description="Which documents are run: ad-hoc (any), registered, or trusted; an API key may be bound further",
    )
    persisted_queries: Literal["off", "lookup", "register"] = Field(
        default="lookup",
        description="Apollo's hashes: off, lookup, or register (whoever may run any text registers by them)",
    )
    cache: Literal["off", "memory", "shared"] = Field(
        default="shared",
        description="Where answers are kept (@cached): off, memory (each worker's), shared (in Redis as well, if any)",
    )
    cache_mb: int = Field(
        default=64,
        ge=1,
        le=100_000,
        description="Megabytes of kept answers, in a worker's memory and its part of Redis",
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
    replica_lag_seconds: float = Field(
        default=2, ge=0.2, le=60, description="Seconds that the replica may be behind; past that nobody reads there"
    )
    replica_wait_seconds: float = Field(
        default=0.05,
        ge=0,
        le=5,
        description="Seconds that a query waits for the replica to hold what its caller wrote or saw: then the primary",
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

    traces: Literal["off", "link", "follow"] = Field(
        default="off",
        description="Spans by OpenTelemetry's OTEL_ variables: off, link (callers' traces are named), follow (joined)",
    )
    error_hook: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$",
        description="module:callable, told of each unexpected error as hook(error, context), from a thread",
    )

    @field_validator("secrets", "allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("database_url", "database_owner_url", "database_replica_url", "redis_url")
    @classmethod
    def _check_scheme(cls, value: str | None, info: ValidationInfo) -> str | None:
        schemes = _SCHEMES[str(info.field_name)]
        if value is not None and urlsplit(value).scheme not in schemes:
            raise ValueError(f"must begin with {schemes[0]}://")
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(plain_host(each) for each in value)

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(plain_origin(each) for each in value)

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is not None and (not is_safe_address(value) or urlsplit(value).path not in {"", "/"}):
            raise ValueError("must be https://host, without a path")
        return value
