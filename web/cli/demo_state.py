"""What the demo makes once and keeps in ``<data folder>/demo.json`` (mode 0600): its signing secret, its logins'
passwords."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from web.cli.failures import Failure
from web.settings import DEMO_SECRET_PREFIX

TENANTS = ("acme", "globex", "initech")
ROLES = ("admin", "manager", "viewer", "partner")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look like others: somebody will read a password aloud."""


@dataclass(frozen=True, slots=True)
class DemoState:
    """``made`` are the random passwords by email, ``applied`` those that the database knows."""

    secret: str
    made: dict[str, str]
    applied: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, data_dir: Path) -> Self:
        """What was kept, or a new one, which is then kept."""
        file = _file(data_dir)
        try:
            return cls(**json.loads(file.read_text()))
        except FileNotFoundError:
            pass
        except (TypeError, ValueError) as error:
            raise Failure(f"{file} is damaged: remove it, and new passwords are made.") from error
        state = cls(DEMO_SECRET_PREFIX + secrets.token_hex(32), {email: _password() for email in emails()})
        state.save(data_dir)
        return state

    def passwords(self, one_for_all: str | None) -> dict[str, str]:
        """The password of each login by email; ``one_for_all`` (TIDEGATE_DEMO_PASSWORD) wins."""
        return dict.fromkeys(self.made, one_for_all) if one_for_all else self.made

    def with_applied(self, passwords: dict[str, str]) -> "DemoState":
        return replace(self, applied=passwords)

    def save(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = _file(data_dir).with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file, indent=1)
        fresh.replace(_file(data_dir))


def exists(data_dir: Path) -> bool:
    return _file(data_dir).exists()


def emails() -> list[str]:
    """Every demo login: a role of each tenant."""
    return [f"{role}@{tenant}.example" for tenant in TENANTS for role in ROLES]


def _file(data_dir: Path) -> Path:
    return data_dir / "demo.json"


def _password() -> str:
    """Twelve letters, about 59 bits, in groups of four."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
