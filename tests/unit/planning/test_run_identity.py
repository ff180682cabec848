"""A run is known by what defines it, and the endpoint remembers it in one tag."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.planning.runs.identity import (
    RunTag,
    attempt_of,
    core_hash,
    names_other_run,
    passed_hash,
    run_id,
)
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.traffic.run import run_hash
from tests.unit.planning.run_worlds import CONTENT, stepped

STEPS = [{"percent": 10}, {"percent": 50}, {"percent": 100}]


def core(policy, content=CONTENT):
    return core_hash(policy, content)


@pytest.mark.parametrize("changes", [{"deadlineSeconds": 100_020}, {"bakeSeconds": 600}, {"steps": STEPS}])
def test_what_is_still_ahead_does_not_define_a_run(changes):
    assert core(stepped(**changes)) == core(stepped())


@pytest.mark.parametrize(
    "changes",
    [
        {"baseline": "B", "candidate": "A"},
        {"guardrails": []},
        {"breakers": []},
        {"falseAlarmRate": "0.05"},
        {"advanceOn": "NonInferior"},
        {"mode": "Observe"},
        {"warmUpSeconds": 600},
        {"onNoTraffic": "Rollback"},
    ],
)
def test_roles_metrics_rates_and_reactions_define_a_run(changes):
    assert core(stepped(**changes)) != core(stepped())


def test_the_content_of_a_variant_defines_a_run():
    assert core(stepped(), CONTENT | {"B": {"ModelName": "model-c"}}) != core(stepped())


@pytest.mark.parametrize(
    ("edited", "kept"),
    [
        ({0: {"percent": 5}}, False),
        ({0: {"hold": {"minRequests": 7}}}, False),
        ({0: {"approval": "Required"}}, False),
        ({1: {"percent": 40}}, False),
        ({1: {"hold": {"minRequests": 7}}}, True),
        ({1: {"approval": "Required"}}, True),
        ({2: {"percent": 90}}, True),
    ],
)
def test_in_its_second_step_a_run_keeps_edits_of_what_is_ahead(edited, kept):
    steps = [each | edited.get(index, {}) for index, each in enumerate(STEPS)]
    before = passed_hash(stepped(steps=STEPS), 1)
    assert (passed_hash(stepped(steps=steps), 1) == before) is kept


def test_nothing_is_ahead_of_a_run_that_has_ended():
    edited = [*STEPS[:2], {"percent": 90}]
    before = passed_hash(stepped(steps=STEPS), 0, final=True)
    assert passed_hash(stepped(steps=edited), 0, final=True) != before


def test_an_attempt_makes_the_id_unique():
    ids = {run_id(stepped(), core(stepped()), attempt, started=1) for attempt in (1, 2, 3)}
    assert len({each.rpartition("-")[0] for each in ids}) == 1
    assert sorted(map(attempt_of, ids)) == [1, 2, 3]


def test_an_endpoint_that_is_created_again_has_runs_with_other_ids():
    assert len({run_id(stepped(), core(stepped()), 1, started=minute) for minute in (1, 2, 3)}) == 3


def test_the_hashes_of_a_policy_stay_the_same_in_every_version():
    """Another hash of the same spec would end the runs of all endpoints with an upgrade."""
    assert core(stepped()) == "431f6af7c0"
    assert passed_hash(stepped(), 1) == "5de6c71cb4"
    assert run_hash(stepped(), ("A", "B")) == "e15145c9c3517ef2"


class _LaterVersion(Stepped):
    """The policy of a later version, with another optional field."""

    added: str = "default"


def test_an_optional_field_that_a_later_version_adds_starts_no_other_run():
    later = _LaterVersion.model_validate(stepped().model_dump(by_alias=True), by_alias=True)
    assert core(later) == core(stepped())


tags = st.builds(
    RunTag,
    run=st.builds("{:010x}-{}".format, st.integers(0, 16**10 - 1), st.integers(1, 999_999)),
    core=st.from_regex(r"[0-9a-f]{10}", fullmatch=True),
    passed=st.from_regex(r"[0-9a-f]{10}", fullmatch=True),
    started=st.integers(0, 10**9 - 1),
    outcome=st.none() | st.sampled_from(Outcome),
)


@given(tags)
def test_a_tag_is_read_as_it_was_written_and_fits_aws(tag):
    text = tag.encode()
    assert RunTag.decode(text) == tag
    assert re.fullmatch(r"[\w .:/=+@-]{1,256}", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "someone's",
        "a-b core=1",
        "0123456789-1 core=1 steps=2 started=x",
        "0123456789-1 core=1 steps=2 started=-1",
        "0123456789-1 core=1 steps=2 started=9999999999",
        "0123456789-0 core=1 steps=2 started=1",
        "0123456789-2000000 core=1 steps=2 started=1",
        "foo-3 core=1 steps=2 started=1",
    ],
)
def test_another_text_is_no_tag_of_a_run(text):
    assert RunTag.decode(text) is None


def test_two_tags_name_the_same_run_whatever_its_outcome():
    tag = RunTag(run="0123456789-1", core="c", passed="p", started=1)
    ended = RunTag(run="0123456789-1", core="c", passed="q", started=1, outcome=Outcome.PROMOTED)
    assert not names_other_run(tag.encode(), ended.encode())
    assert names_other_run("", tag.encode())
