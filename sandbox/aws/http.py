"""HTTP requests and answers as plain data, whatever carried them here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCOPE = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_ACCOUNT_IN_KEY = re.compile(r"\d{12}$")

DEFAULT_ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class Scope:
    """Who signed a request, and for which region and service: SigV4's credential scope."""

    access_key: str
    region: str
    service: str

    @property
    def account(self) -> str:
        """The account: the last twelve digits of the key id if it ends in twelve, else 123456789012."""
        found = _ACCOUNT_IN_KEY.search(self.access_key)
        return found.group() if found else DEFAULT_ACCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """``headers`` have lower-case names; ``target`` is the path with its query string, still quoted."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def scope(self) -> Scope | None:
        """The credential scope, or None for a request that is not signed. Signatures are not checked."""
        given = self.headers.get("authorization") or "Credential=" + self.query.get("X-Amz-Credential", "")
        found = _SCOPE.search(unquote(given))
        return Scope(found["key"], found["region"], found["service"]) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
