"""CBOR: as much of RFC 8949 as the protocol rpc-v2-cbor carries.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 64

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_INDEFINITE = 31
_BREAK = 0xFF
_EPOCH_TAG = 1
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLES = {20: False, 21: True, 22: None, 23: None}
"""The last is "undefined", which the protocol takes for null."""


class CborError(ValueError):
    """Bytes that are not CBOR, or a part of it that the protocol does not use."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A number under tag 1: epoch seconds."""

    seconds: float


def dumps(value: Any) -> bytes:
    out = bytearray()
    _write(out, value)
    return bytes(out)


def _head(out: bytearray, major: int, number: int) -> None:
    if number < min(_WIDTHS):
        out.append(major << 5 | number)
        return
    info, width = next((info, width) for info, width in _WIDTHS.items() if number < 1 << 8 * width)
    out.append(major << 5 | info)
    out += number.to_bytes(width, "big")


def _write(out: bytearray, value: Any) -> None:  # noqa: C901  one case per type of the wire
    match value:
        case None:
            out.append(_SIMPLE << 5 | 22)
        case bool():
            out.append(_SIMPLE << 5 | (21 if value else 20))
        case int():
            _head(out, _NEGATIVE if value < 0 else _UNSIGNED, -1 - value if value < 0 else value)
        case float():
            out.append(_SIMPLE << 5 | 27)
            out += struct.pack(">d", value)
        case str():
            content = value.encode()
            _head(out, _TEXT, len(content))
            out += content
        case bytes():
            _head(out, _BYTES, len(value))
            out += value
        case list():
            _head(out, _ARRAY, len(value))
            for item in value:
                _write(out, item)
        case dict():
            _head(out, _MAP, len(value))
            for key, item in value.items():
                _write(out, key)
                _write(out, item)
        case Moment():
            _head(out, _TAG, _EPOCH_TAG)
            _write(out, value.seconds)
        case _:
            raise TypeError(f"{type(value).__name__} does not go into CBOR")


def loads(content: bytes) -> Any:
    """Return the one value that bytes hold; raises CborError."""
    reader = _Reader(content)
    value = reader.value(MAX_DEPTH)
    if reader.at < len(content):
        raise CborError("more than one value")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def _take(self, size: int) -> bytes:
        found = self._content[self.at : self.at + size]
        if len(found) < size:
            raise CborError("the end comes too early")
        self.at += size
        return found

    def _number(self, info: int) -> int:
        if info < min(_WIDTHS):
            return info
        if info not in _WIDTHS:
            raise CborError("a length that does not exist")
        return int.from_bytes(self._take(_WIDTHS[info]), "big")

    def _ended(self) -> bool:
        """Say whether an indefinite item ends here, and pass its end."""
        ended = self._content[self.at : self.at + 1] == bytes([_BREAK])
        self.at += ended
        return ended

    def value(self, depth: int) -> Any:
        if not depth:
            raise CborError("too deep")
        first = self._take(1)[0]
        major, info = first >> 5, first & 0x1F
        if major in {_UNSIGNED, _NEGATIVE}:
            number = self._number(info)
            return number if major == _UNSIGNED else -1 - number
        if major in {_BYTES, _TEXT}:
            return self._string(major, info)
        if major == _ARRAY:
            return [self.value(depth - 1) for _ in self._items(info)]
        if major == _MAP:
            return dict(self._entry(depth - 1) for _ in self._items(info))
        return self._moment(info, depth) if major == _TAG else self._simple(info)

    def _items(self, info: int) -> Any:
        if info == _INDEFINITE:
            return iter(self._ended, True)
        return range(self._number(info))

    def _entry(self, depth: int) -> tuple[str, Any]:
        key = self.value(depth)
        if not isinstance(key, str):
            raise CborError("a key that is not text")
        return key, self.value(depth)

    def _string(self, major: int, info: int) -> str | bytes:
        content = b"".join(self._chunk(major) for _ in self._items(info)) if info == _INDEFINITE else None
        if content is None:
            content = self._take(self._number(info))
        if major == _BYTES:
            return content
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise CborError("text that is not UTF-8") from None

    def _chunk(self, major: int) -> bytes:
        first = self._take(1)[0]
        if first >> 5 != major:
            raise CborError("a chunk of another type")
        return self._take(self._number(first & 0x1F))

    def _moment(self, info: int, depth: int) -> Moment:
        tag, content = self._number(info), self.value(depth - 1)
        if tag != _EPOCH_TAG or isinstance(content, bool) or not isinstance(content, int | float):
            raise CborError("a tag that the protocol does not have")
        return Moment(float(content))

    def _simple(self, info: int) -> Any:
        if info in _SIMPLES:
            return _SIMPLES[info]
        if info in _FLOATS:
            return struct.unpack(_FLOATS[info], self._take(_WIDTHS[info]))[0]
        raise CborError("a simple value that the protocol does not have")
