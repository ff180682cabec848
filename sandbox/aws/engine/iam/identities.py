"""Whose policies are known: access keys of users, and roles; and what they needed so far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import JSON, edit
from sandbox.aws.engine.iam.documents import statements
from sandbox.aws.engine.sessions import GLOBAL, role, session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.core import Engine, Region
    from sandbox.aws.engine.iam.documents import Permission, Statement


@dataclass(slots=True)
class Identity:
    """A principal with policies, and the resources that its requests needed, by action."""

    policies: tuple[Statement, ...]
    needed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def note(self, wanted: Permission) -> None:
        self.needed[wanted.action].add(wanted.resource)


class Identities:
    """The principals of one account that have policies, by access key or by the ARN of their role."""

    def __init__(self, _region: Region) -> None:
        self.by_principal: dict[str, Identity] = {}
        self.has_service_linked_role = False
        """Whether Application Auto Scaling has made its role for endpoints."""


def identities_of(engine: Engine, account: str) -> Identities:
    return engine.region(account, GLOBAL).store(Identities)


def identity(engine: Engine, account: str, access_key: str) -> Identity | None:
    """Return whose policies decide on a caller's requests; None lets it do everything."""
    known = identities_of(engine, account).by_principal
    if not known:
        return None
    held = session(engine, account, access_key)
    return known.get(held.role.arn if held else access_key)


def needed(engine: Engine) -> JSON:
    """Return, for every principal with policies, the resources that its requests needed by action."""
    return {
        f"{region.account}/{principal}": {
            action: sorted(resources) for action, resources in sorted(one.needed.items())
        }
        for region in engine.regions()
        if region.name == GLOBAL
        for principal, one in sorted(region.store(Identities).by_principal.items())
    }


@edit("policy")
def _policy(region: Region, asked: Mapping[str, Any]) -> JSON:
    """``{"principal": access key or role ARN, "documents": [...]}``; null documents lift all limits."""
    principal, documents = str(asked["principal"]), asked["documents"]
    found = role(principal)
    known = identities_of(region.engine, found.account if found else region.account).by_principal
    if documents is None:
        known.pop(principal, None)
    else:
        known[principal] = Identity(tuple(one for document in documents for one in statements(document)))
    return {}
