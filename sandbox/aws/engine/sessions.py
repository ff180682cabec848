"""Role sessions: who holds which temporary credentials, and until when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws.engine.core import partition

if TYPE_CHECKING:
    from sandbox.aws.engine.core import Engine, Region

GLOBAL = "aws-global"
"""Sessions hold in every region; they are kept in the one that stands for all."""

_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::(?P<account>\d{12}):role/(?:.+/)?(?P<name>[^/]+)")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    arn: str
    account: str
    name: str

    @property
    def id(self) -> str:
        """What IAM calls the role whatever its name: 21 characters that begin with AROA."""
        return "AROA" + self.name.upper().replace("_", "")[:17].ljust(17, "X")


def role(arn: str) -> Role | None:
    """Return the role that an ARN names, or None if it names none."""
    found = _ROLE_ARN.fullmatch(arn)
    return Role(arn=arn, account=found["account"], name=found["name"]) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A role as somebody has assumed it; ``expires`` is in epoch seconds."""

    access_key: str
    role: Role
    name: str
    expires: float
    source_identity: str = ""

    @property
    def id(self) -> str:
        return f"{self.role.id}:{self.name}"

    def arn(self, region: str) -> str:
        return f"arn:{partition(region)}:sts::{self.role.account}:assumed-role/{self.role.name}/{self.name}"


class SessionStore:
    """The sessions in one account, by access key; expired ones stay, to be told so."""

    def __init__(self, region: Region) -> None:
        self._draw = region.ledger.draw(f"sts.access-keys/{region.account}")
        self._account = region.account
        self.sessions: dict[str, Session] = {}

    def new_access_key(self) -> str:
        """Return an access key id that nobody has; it ends in the account, as all that name one do."""
        while (key := f"ASIA{''.join(self._draw.choices(_LETTERS, k=4))}{self._account}") in self.sessions:
            pass
        return key


def sessions_of(engine: Engine, account: str) -> SessionStore:
    return engine.region(account, GLOBAL).store(SessionStore)


def session(engine: Engine, account: str, access_key: str) -> Session | None:
    """Return the session behind an access key; None for a long-lived key."""
    return sessions_of(engine, account).sessions.get(access_key)
