"""Encodes the state of accumulators as text, without loss and in a bounded size.

A state is a dataclass of floats, tuples, lists and other states. Its declaration is its layout: `numbers_of`
returns the numbers in the order of the fields, each list after its length, and `state_from` reads them back.
`pack` and `unpack` turn numbers into text.
"""

import zlib
from base64 import b85decode, b85encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import islice
from math import copysign
from struct import error as StructError  # noqa: N812  # a class
from struct import pack as pack_struct
from struct import unpack as unpack_struct
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

StateT = TypeVar("StateT")

_EXACT: Final = 2.0**53
"""Every whole number up to this one is a double."""

_DOUBLE_BYTES: Final = 8
# JSON encoders that escape HTML write each of &, < and > as six characters.
_TO_JSON: Final = str.maketrans("&<>", "./:")
_FROM_JSON: Final = str.maketrans("./:", "&<>")


def numbers_of(state: object) -> list[float]:
    """Return the numbers of a state."""
    numbers: list[float] = []
    _append([state], numbers)
    return numbers


def _append(values: Iterable[Any], numbers: list[float]) -> None:
    for value in values:
        if isinstance(value, float):
            numbers.append(value)
        elif isinstance(value, list):
            numbers.append(float(len(value)))
            _append(value, numbers)
        elif isinstance(value, tuple):
            _append(value, numbers)
        elif _is_state(value):
            _append([getattr(value, name) for name in _declared(value.__class__)], numbers)
        else:
            numbers.append(float(value))


def state_from(kind: type[StateT], numbers: Iterator[float]) -> StateT:
    """Read a state of this type. Raises ValueError if there are too few numbers."""
    try:
        state: StateT = _reader(cast("Any", kind))(numbers)
    except StopIteration:
        raise ValueError(f"there are too few numbers for a {kind.__name__}") from None
    return state


@cache
def _reader(kind: Any) -> Callable[[Iterator[float]], Any]:
    """Return what reads a value of this type. A run restores its states every minute."""
    if _is_state(kind):
        members = {name: _reader(declared) for name, declared in _declared(kind).items()}
        return lambda numbers: kind(**{name: read(numbers) for name, read in members.items()})
    origin = get_origin(kind)
    items = [_reader(item) for item in get_args(kind)]
    if origin is list:
        (read_item,) = items
        return lambda numbers: [read_item(numbers) for _ in range(int(next(numbers)))]
    if origin is tuple:
        return lambda numbers: tuple([read(numbers) for read in items])
    return lambda numbers: kind(next(numbers))


def _is_state(value: Any) -> bool:
    """Return whether this is a state, or the type of one."""
    return is_dataclass(value)


@cache
def _declared(kind: Any) -> Mapping[str, Any]:
    """Return the types of a dataclass's fields, in their order."""
    types = get_type_hints(kind)
    return {field.name: types[field.name] for field in fields(kind)}


def pack(numbers: Sequence[float]) -> str:
    """Return the numbers as text that JSON encoders do not escape.

    Whole numbers become integers of variable length, 7 bits a byte. The bytes of the other numbers are sorted
    by their place, because the first bytes are similar and zlib shortens them. A number takes 8 bytes at most
    and a bit, and a byte takes 1.25 characters.
    """
    whole = [_is_whole(number) for number in numbers]
    flags = "".join("1" if each else "0" for each in whole)
    body = bytearray(_varint(len(numbers)))
    body += int(f"0{flags}", 2).to_bytes(len(numbers) // 8 + 1)
    for number, each in zip(numbers, whole, strict=True):
        if each:
            body += _varint(int(number))
    others = [number for number, each in zip(numbers, whole, strict=True) if not each]
    raw = pack_struct(f">{len(others)}d", *others)
    for place in range(_DOUBLE_BYTES):
        body += raw[place::_DOUBLE_BYTES]
    return _base85(zlib.compress(body, 9))


def unpack(text: str) -> list[float]:
    """Return the numbers that `pack` encoded. Raises ValueError for any other text."""
    try:
        body = iter(_decompressed(text))
        count = _read_varint(body)
        flags = int.from_bytes(bytes(islice(body, count // 8 + 1)))
        whole = [each == "1" for each in f"{flags:0{count + 1}b}"[-count:]] if count else []
        integers = iter([float(_read_varint(body)) for each in whole if each])
        raw = bytes(body)
        size = len(raw) // _DOUBLE_BYTES
        joined = bytes(byte for index in range(size) for byte in raw[index::size])
        others = iter(unpack_struct(f">{whole.count(False)}d", joined))
    except (zlib.error, StructError, StopIteration) as error:
        raise ValueError(f"the text has no readable numbers: {error}") from error
    return [next(integers) if each else next(others) for each in whole]


def _decompressed(text: str) -> bytes:
    compressed = b85decode(text.translate(_FROM_JSON))
    stream = zlib.decompressobj()
    body = stream.decompress(compressed)
    # The last characters have bits that the decoder ignores.
    if not stream.eof or stream.unused_data or _base85(compressed) != text:
        raise ValueError("the text is truncated or was changed")
    return body


def _base85(compressed: bytes) -> str:
    return b85encode(compressed).decode("ascii").translate(_TO_JSON)


def _is_whole(number: float) -> bool:
    """Return whether an integer keeps the number. It would lose the sign of -0.0."""
    return number.is_integer() and copysign(1.0, number) > 0.0 and number <= _EXACT


def _varint(number: int) -> bytes:
    """Return 7 bits a byte, the lowest first; the eighth bit is set unless the byte is the last."""
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004  # 7 bits
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _read_varint(body: Iterator[int]) -> int:
    number, shift = 0, 0
    while (byte := next(body)) > 0x7F:  # noqa: PLR2004  # 7 bits
        number |= (byte & 0x7F) << shift
        shift += 7
    return number | byte << shift
