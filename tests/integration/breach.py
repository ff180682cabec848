"""A breach of one constraint, and the words that the API server says of it."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Breach:
    """``value`` at ``path`` breaks ``keyword``; ``words`` are what the server must say of it.

    ``blamed`` is the path that the server names, where that is another. ``strategy`` is that of the resource
    in which the constraint is broken.
    """

    path: str
    value: Any
    keyword: str
    words: str
    blamed: str = ""
    strategy: str = "Manual"

    def __str__(self) -> str:
        return f"{self.keyword} of {self.blamed or self.path}"


def too_long(path: str, text: str, *, most: int) -> Breach:
    return Breach(path, (text * (most + 1))[: most + 1], "maxLength", f"may not be more than {most} bytes")


def odd(path: str, text: str, pattern: str) -> Breach:
    return Breach(path, text, "pattern", f"should match '{pattern}'")


def below(path: str, least: int) -> Breach:
    return Breach(path, least - 1, "minimum", f"should be greater than or equal to {least}")


def above(path: str, most: int) -> Breach:
    return Breach(path, most + 1, "maximum", f"should be less than or equal to {most}")


def out_of_range(path: str, least: int, most: int) -> list[Breach]:
    return [below(path, least), above(path, most)]


def empty(path: str) -> Breach:
    return Breach(path, [], "minItems", "should have at least 1 items")


def too_many(path: str, items: list[Any], *, most: int) -> Breach:
    return Breach(path, items, "maxItems", f"must have at most {most} items")


def unlisted(path: str, *known: str) -> Breach:
    supported = ", ".join(json.dumps(value) for value in known)
    return Breach(path, "Nonsense", "enum", f"supported values: {supported}")


def twice(path: str, item: dict[str, Any], key: str) -> Breach:
    words = f"Duplicate value: {json.dumps({key: item[key]}, separators=(',', ':'))}"
    return Breach(path, [item, item], "x-kubernetes-list-map-keys", words, blamed=f"{path}[1]")


def rule(path: str, value: Any, words: str, *, blamed: str) -> Breach:
    return Breach(path, value, "rule", words, blamed=blamed)
