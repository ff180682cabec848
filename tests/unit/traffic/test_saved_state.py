"""The saved state of a run: bounded, restored without loss, and refused where it is not of this run."""

import json
import sys
from dataclasses import dataclass, field, fields, is_dataclass
from hashlib import sha256
from math import copysign, inf, isnan, nan
from random import Random
from struct import pack as pack_struct
from struct import unpack as unpack_struct
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.traffic import run as run_module
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.codec import numbers_of, pack, state_from, unpack
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run, RunMismatch
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped

START = 29_000_000
METRICS = ("ServerErrors", "ClientErrors", "ModelErrors", "Latency")
GUARDRAILS = [{"metric": metric, "noWorseThanPercent": 17, "onBreach": "Hold"} for metric in METRICS]
BREAKERS = [
    *({"metric": metric, "maxRate": "0.99", "forMinutes": 15} for metric in METRICS[:3]),
    {"metric": "Latency", "maxMicros": 3_600_000_000, "forMinutes": 15},
]
HOLD = {"minDurationSeconds": 864_000}
ROLLOUT = stepped(
    steps=[{"percent": 10, "hold": HOLD}, {"percent": 50}],
    guardrails=GUARDRAILS,
    breakers=BREAKERS,
    deadlineSeconds=8_640_000,
)
LONG = {"minDurationSeconds": 1_209_600}
TEST = ab_test(guardrails=GUARDRAILS, **LONG)
BANDITS = bandit(guardrails=GUARDRAILS, baseline="A", stop=LONG, updateSeconds=21_600)


def busy(names, *, minutes, most):
    """Yield rows with up to `most` calls a minute, with weights that change and no number that is round."""
    random = Random(1)
    for at in range(START, START + minutes):
        for place, name in enumerate(names):
            calls = random.randrange(most // 2, most)
            events = [int(calls * share * random.uniform(0.8, 1.2)) for share in (0.01, 0.01, 0.002, 0.1)]
            errors_4xx, errors_5xx, model_errors, successes = events
            counts = Counts(
                weight=13 + at // 97 * 7 % 50 + place,
                invocations=calls,
                errors_4xx=errors_4xx,
                errors_5xx=errors_5xx,
                model_errors=model_errors,
                latency_average_micros=random.uniform(4e4, 6e4),
                latency_p99_micros=random.uniform(1e5, 2e5),
                successes=successes,
                trials=calls,
            )
            yield CountsRow(at, name, counts)


def checkpoint_of(policy, names, *, most, minutes=900):
    run = Run(policy, names, started=START)
    run.ingest(busy(names, minutes=minutes, most=most))
    run.look(START + minutes)
    return run.checkpoint()


def incompressible(text, *, seed=1):
    """Return the text with a random number in the place of each. Counts stay whole numbers."""
    random = Random(seed)
    numbers = [
        float(random.randrange(10**9)) if number.is_integer() else random_double(random)
        for number in unpack(text)
    ]
    return pack(numbers)


def random_double(random):
    """Return any finite double."""
    (number,) = unpack_struct(">d", pack_struct(">Q", random.getrandbits(64)))
    return number if number - number == 0.0 else 0.1


@pytest.mark.parametrize("most", [1000, 10**9])
def test_the_checkpoint_of_stepped_fits_into_8_kilobytes_at_any_traffic(most):
    """Two variants, four guardrails and four breakers of fifteen minutes."""
    checkpoint = checkpoint_of(ROLLOUT, ["A", "B"], most=most)
    assert len(json.dumps(checkpoint)) <= 6.5 * 1024
    checkpoint["evidence"]["sums"] = incompressible(checkpoint["evidence"]["sums"])
    assert len(json.dumps(checkpoint)) <= 8 * 1024


@pytest.mark.parametrize("policy", [TEST, BANDITS], ids=["ABTest", "Bandit"])
def test_the_checkpoint_of_four_variants_with_four_metrics_fits_into_16_kilobytes(policy):
    assert len(json.dumps(checkpoint_of(policy, list("ABCD"), most=10**6))) <= 16 * 1024


def test_a_checkpoint_does_not_grow_with_the_run():
    short, long = (
        len(json.dumps(checkpoint_of(ROLLOUT, ["A", "B"], most=10**4, minutes=minutes)))
        for minutes in (900, 2700)
    )
    assert long <= 1.1 * short


@pytest.mark.parametrize(
    "policy",
    [TEST, ab_test(guardrails=GUARDRAILS, attributionSeconds=3600, **LONG), BANDITS],
    ids=["ABTest", "attribution", "Bandit"],
)
def test_the_complete_state_of_four_variants_with_four_metrics_fits_into_32_kilobytes(policy):
    names = list("ABCD")
    run = Run(policy, names, started=START)
    run.ingest(busy(names, minutes=359, most=4000))
    run.look(START + 359)
    state = json.dumps(run.to_json())
    assert len(state) <= 32 * 1024
    assert json.dumps(Run.from_json(json.loads(state), policy, names).to_json()) == state


def saved():
    run = Run(ab_test(), ["A", "B"], started=0)
    run.ingest(rows({"A": {"percent": 50}, "B": {"percent": 50}}, minutes=60))
    return run.to_json()


@pytest.mark.parametrize(
    ("policy", "variants"),
    [
        (ab_test(onWinner="Promote"), ["A", "B"]),
        (ab_test(), ["A", "B", "C"]),
        (ab_test(), ["A", "C"]),
        (bandit(), ["A", "B"]),
    ],
)
def test_the_state_of_another_policy_or_other_variants_is_refused(policy, variants):
    with pytest.raises(RunMismatch, match="this policy and these variants"):
        Run.from_json(saved(), policy, variants)


def test_a_run_goes_on_with_a_policy_that_differs_only_in_what_is_ahead():
    run = Run(stepped(), ["A", "B"], started=0)
    longer = stepped(deadlineSeconds=172_800, bakeSeconds=600, steps=[{"percent": 5}, {"percent": 80}])
    assert Run.from_json(run.to_json(), longer, ["A", "B"]).policy == longer
    run.change_policy(longer)
    assert run.policy == longer
    with pytest.raises(RunMismatch, match="another run"):
        run.change_policy(stepped(falseAlarmRate="0.05"))


def test_the_state_of_another_layout_is_refused(monkeypatch):
    state = saved()
    monkeypatch.setattr(run_module, "_LAYOUT", state["layout"] + 1)
    with pytest.raises(RunMismatch, match="layout"):
        Run.from_json(state, ab_test(), ["A", "B"])
    with pytest.raises(RunMismatch, match="layout None"):
        Run.from_json({}, ab_test(), ["A", "B"])


@pytest.mark.parametrize("section", ["progress", "evidence"])
def test_a_state_without_one_of_its_members_is_refused(section):
    for member in saved()[section]:
        if member == "minutes":
            continue
        state = saved()
        del state[section][member]
        with pytest.raises(RunMismatch, match="not readable"):
            Run.from_json(state, ab_test(), ["A", "B"])


@given(data=st.data())
def test_truncated_and_changed_sums_are_refused(data):
    state = saved()
    text = state["evidence"]["sums"]
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([each for each in "0aZ.:/~é" if each != text[place]]))
    for changed in (text[:place], text[:place] + other + text[place + 1 :], f"{text}{other * 5}"):
        state["evidence"]["sums"] = changed
        with pytest.raises(RunMismatch, match="not readable"):
            Run.from_json(state, ab_test(), ["A", "B"])


@pytest.mark.parametrize("change", [lambda numbers: numbers[:-1], lambda numbers: [*numbers, 0.0]])
def test_sums_of_another_shape_are_refused(change):
    state = saved()
    state["evidence"]["sums"] = pack(change(unpack(state["evidence"]["sums"])))
    with pytest.raises(RunMismatch, match=r"too (few|many) numbers"):
        Run.from_json(state, ab_test(), ["A", "B"])


def test_changed_minutes_are_refused():
    state = saved()
    state["evidence"]["minutes"]["A"] = state["evidence"]["minutes"]["A"][:-3]
    with pytest.raises(RunMismatch, match="not readable"):
        Run.from_json(state, ab_test(), ["A", "B"])


def declaration(kind):
    """Return a state's fields with their types, and those of its parts."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return f"({', '.join(f'{each.name}: {declaration(hints[each.name])}' for each in fields(kind))})"
    items = ", ".join(map(declaration, get_args(kind)))
    return f"{(get_origin(kind) or kind).__name__}[{items}]"


def test_the_layout_has_a_new_version_whenever_the_declared_states_change():
    """If this fails, increase `_LAYOUT` and put the new version and digest here."""
    declared = {}
    for policy, names in ((ROLLOUT, ["A", "B"]), (TEST, list("ABCD")), (BANDITS, list("ABCD"))):
        run = Run(policy, names, started=0)
        accumulators = run.evidence.accumulators
        for part in (accumulators.watching(), accumulators.guarding(), accumulators.testing()):
            for name, each in part.items():
                size = len(numbers_of(each.state))
                declared[f"{type(policy).__name__} {name}"] = f"{size} {declaration(type(each.state))}"
    digest = sha256(json.dumps(declared).encode()).hexdigest()[:12]
    assert (run_module._LAYOUT, digest) == (4, "3cb6701d724c")


@given(numbers=st.lists(st.floats(allow_nan=False)))
def test_packed_numbers_are_unpacked_bit_for_bit(numbers):
    unpacked = unpack(pack(numbers))
    assert unpacked == numbers
    assert [copysign(1.0, number) for number in unpacked] == [copysign(1.0, number) for number in numbers]


@given(numbers=st.lists(st.integers(0, 2**53).map(float)))
def test_whole_numbers_are_unpacked_as_they_were(numbers):
    assert unpack(pack(numbers)) == numbers


def test_what_is_not_a_number_stays_so():
    (number,) = unpack(pack([nan]))
    assert isnan(number)


@pytest.mark.parametrize("number", [0.1, -0.1, sys.float_info.max, -sys.float_info.min, inf])
def test_a_number_takes_8_bytes_at_most(number):
    """Of which 4 take 5 characters, beside what zlib adds once."""
    random = Random(2)
    numbers = [random_double(random) for _ in range(2000)]
    assert len(pack([*numbers, number])) <= 1.25 * (8 + 1 / 8) * 2001 + 40


def test_packed_text_needs_no_escape_in_json():
    random = Random(3)
    text = pack([random_double(random) for _ in range(4000)])
    assert not set(text) & set("<>&\"\\'\u2028\u2029")
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize("text", ["", "§", "AAAA", "eJwBAgAAAAAA", " "])
def test_unpacking_any_other_text_raises_value_error(text):
    with pytest.raises(ValueError, match=r"readable|base85|ASCII|truncated"):
        unpack(text)


@dataclass
class Part:
    counts: list[float] = field(default_factory=list)
    place: int = 0


@dataclass
class Whole:
    pair: tuple[float, float]
    parts: list[Part]
    rows: list[list[float]]
    last: float = -1.0


def test_a_state_is_read_back_by_its_declaration():
    state = Whole((0.5, 2.0), [Part([1.0, 2.5], 7), Part()], [[1.0], [], [2.0, 3.0]], 4.0)
    assert state_from(Whole, iter(numbers_of(state))) == state
    assert isinstance(state_from(Whole, iter(numbers_of(state))).parts[0].place, int)


def test_too_few_numbers_for_a_state_raise_value_error():
    with pytest.raises(ValueError, match="too few numbers for a Part"):
        state_from(Part, iter([3.0, 1.0, 2.0]))
