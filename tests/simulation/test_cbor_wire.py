"""CBOR: our codec against botocore's, which others wrote, and against bytes that are none."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.parsers import RpcV2CBORParser
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.aws.protocols import cbor
from sandbox.aws.protocols.cbor import CborError, Moment

VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=30), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_what_is_written_is_read_back_by_us_and_by_botocore(value: Any) -> None:
    written = cbor.dumps(value)
    assert cbor.loads(written) == value
    parser: Any = RpcV2CBORParser()
    assert parser.parse_data_item(parser.get_peekable_stream_from_bytes(written)) == value


def test_moments_stand_under_the_tag_of_epoch_seconds() -> None:
    assert cbor.dumps(Moment(1.5)).hex() == "c1fb3ff8000000000000"
    assert cbor.loads(bytes.fromhex("c11a695bdc00")) == Moment(0x695BDC00)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("9f0102ff", [1, 2]),
        ("bf6161f6ff", {"a": None}),
        ("7f61616162ff", "ab"),
        ("5f41014102ff", b"\x01\x02"),
        ("f7", None),
        ("f93c00", 1.0),
        ("fa3fc00000", 1.5),
        ("1bffffffffffffffff", 2**64 - 1),
    ],
)
def test_other_ways_of_writing_are_read_too(written: str, value: Any) -> None:
    assert cbor.loads(bytes.fromhex(written)) == value


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="nothing"),
        pytest.param("18", id="a number cut off"),
        pytest.param("1c", id="a length that does not exist"),
        pytest.param("ff", id="an end of nothing"),
        pytest.param("0101", id="two values"),
        pytest.param("61ff", id="text that is not UTF-8"),
        pytest.param("8201", id="a list cut off"),
        pytest.param("9f01", id="a list without end"),
        pytest.param("9bffffffffffffffff", id="a list of more than there is"),
        pytest.param("a10102", id="a key that is a number"),
        pytest.param("7f4101ff", id="text of bytes"),
        pytest.param("c2420100", id="a great number"),
        pytest.param("c1f5", id="a moment that is true"),
        pytest.param("f8ff", id="a simple value of its own"),
        pytest.param("81" * 70 + "00", id="too deep"),
    ],
)
def test_what_is_no_cbor_or_no_part_of_the_protocol_is_an_error(written: str) -> None:
    with pytest.raises(CborError):
        cbor.loads(bytes.fromhex(written))


def test_what_cbor_does_not_know_is_a_bug_and_not_written() -> None:
    with pytest.raises(TypeError):
        cbor.dumps(object())
