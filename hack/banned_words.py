"""Check names and prose against hack/banned-words.txt, which describes its own format.

``python -m hack.banned_words`` prints each banned word with its place and what to say instead, and exits
non-zero where it finds any.
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
LIST: Final = Path(__file__).with_name("banned-words.txt")
PLACES: Final = ("operator", "docs", "helm", "README.md", "CONTRIBUTING.md", "SECURITY.md")

_WORD: Final = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of prose or one part of an identifier: ``HTTPServer_name`` has three."""
_RULE: Final = re.compile(r"(?P<words>[a-z, ]+) -> (?P<say>.+)")
_ALLOW: Final = re.compile(r"allow (?P<path>[^:\s]+): (?P<phrase>.+)")


@dataclass(frozen=True, slots=True)
class Ban:
    """A pattern over normalized text, and what to say instead."""

    pattern: re.Pattern[str]
    say: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """A pattern over normalized text that may contain banned words in the files that ``path`` matches."""

    path: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Rules:
    bans: tuple[Ban, ...]
    exemptions: tuple[Exemption, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A banned word. Line 0 is the file's path."""

    path: str
    line: int
    word: str
    say: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else f"{self.path}: in the path"
        return f'{place}: "{self.word}": say {self.say}'


def parse(text: str) -> Rules:
    """Read the list. Raises ValueError for a line that is neither a rule nor a comment."""
    bans, exemptions = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if match := _ALLOW.fullmatch(line):
            exemptions.append(Exemption(match["path"], _whole(re.escape(_Words.of(match["phrase"]).text))))
        elif match := _RULE.fullmatch(line):
            forms = "|".join(_inflected(word.strip()) for word in match["words"].split(","))
            bans.append(Ban(_whole(forms), match["say"]))
        else:
            raise ValueError(f"line {number} is neither a rule nor a comment: {line}")
    return Rules(tuple(bans), tuple(exemptions))


def _inflected(word: str) -> str:
    """Return a pattern of the word and its regular inflections."""
    if word.endswith("e"):
        return f"{word}[sd]?|{word[:-1]}ing"
    if word.endswith("y"):
        return f"{word}(?:ing)?|{word[:-1]}ie[sd]"
    return f"{word}(?:e?s|ed|ing)?"


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])")


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a text in lower case, joined by single spaces; where each begins, and on which line."""

    text: str
    starts: tuple[int, ...]
    lines: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "_Words":
        words, starts, lines, length = [], [], [], 0
        for number, line in enumerate(text.splitlines(), start=1):
            for match in _WORD.finditer(line):
                words.append(match[0].lower())
                starts.append(length)
                lines.append(number)
                length += len(match[0]) + 1
        return cls(" ".join(words), tuple(starts), tuple(lines))

    def line(self, offset: int) -> int:
        return self.lines[bisect_right(self.starts, offset) - 1]


def find(text: str, *, path: str, rules: Rules) -> list[Found]:
    """Return the banned words in a file's path and text, in the order of their lines."""
    in_path = (Found(path, 0, match[0], say) for match, say in _matches(_Words.of(path), path, rules))
    words = _Words.of(text)
    in_text = (
        Found(path, words.line(match.start()), match[0], say) for match, say in _matches(words, path, rules)
    )
    return sorted((*in_path, *in_text), key=lambda found: found.line)


def _matches(words: _Words, path: str, rules: Rules) -> Iterator[tuple[re.Match[str], str]]:
    allowed = [
        match.span()
        for exemption in rules.exemptions
        if fnmatchcase(path, exemption.path)
        for match in exemption.pattern.finditer(words.text)
    ]
    for ban in rules.bans:
        for match in ban.pattern.finditer(words.text):
            if not any(start <= match.start() and match.end() <= end for start, end in allowed):
                yield match, ban.say


def check(root: Path, places: Iterable[str], rules: Rules) -> Iterator[Found]:
    """Yield the banned words in all files of text at these places under ``root``."""
    for file in sorted(file for place in places for file in _files(root / place)):
        content = file.read_bytes()
        if b"\0" not in content:
            yield from find(content.decode(), path=file.relative_to(root).as_posix(), rules=rules)


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for file in place.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


def main() -> None:
    found = list(check(ROOT, PLACES, parse(LIST.read_text())))
    for each in found:
        print(each)
    if found:
        sys.exit(f"{len(found)} banned words; the rules are in hack/banned-words.txt")


if __name__ == "__main__":
    main()
