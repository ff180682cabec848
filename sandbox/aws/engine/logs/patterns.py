"""Filter patterns of unstructured log events.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')


class UnsupportedPatternError(ValueError):
    """A pattern over the fields of structured events."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Terms of which a message has all ``required`` ones and no ``excluded`` one; case matters.

    Without required terms, it has one of the ``optional`` ones.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    excluded: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read a pattern; raises UnsupportedPatternError for one in braces, brackets or per cent signs."""
        if text.strip()[:1] in {"{", "[", "%"}:
            raise UnsupportedPatternError(text)
        found: dict[str, list[str]] = {"": [], "?": [], "-": []}
        for sign, quoted, bare in _TERM.findall(text):
            found[sign].append(quoted or bare)
        return cls(tuple(found[""]), tuple(found["?"]), tuple(found["-"]))

    def fits(self, message: str) -> bool:
        return (
            all(term in message for term in self.required)
            and (not self.optional or bool(self.required) or any(term in message for term in self.optional))
            and not any(term in message for term in self.excluded)
        )
