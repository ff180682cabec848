"""What identifies a run: its ID, and the tag by which the endpoint remembers its last run.

A run is defined by its policy and by the content of its variants. Evidence never crosses runs. What of the
policy is still ahead may change without another run: the steps that were not reached, the holds and approvals
that are not over, the bake time and the deadline.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from pydantic import BaseModel

from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.planning.names import content_hash
from sagemaker_ab.planning.ownership import RUN_TAG
from sagemaker_ab.planning.runs.outcome import Outcome

_NO_RUN: Final = "none"
"""What the tag has instead of the hashes of a run. It equals no hash."""
_RUN: Final = re.compile(r"[0-9a-f]{10}-[1-9][0-9]{0,5}")
"""The ID of a run whose attempt has a successor that status can have."""
_STARTED: Final = re.compile(r"[0-9]{1,9}")
"""A minute since 1970 that is a time."""


def core_hash(policy: Stepped, content: Mapping[str, Any]) -> str:
    """Return the hash of what defines a run apart from its steps.

    `content` has the model name and the instance type of each variant by its name.
    """
    return content_hash([_written(policy, exclude=set(policy.STILL_AHEAD)), content])


def passed_hash(policy: Stepped, step: int, *, final: bool = False) -> str:
    """Return the hash of the steps that a run at this step can no longer change.

    `step` is the index of the current step. Of the current step only the share is fixed. Nothing is ahead of
    a run that has ended.
    """
    steps = [_written(each) for each in policy.steps]
    return content_hash(steps if final else [*steps[:step], policy.steps[step].percent, "ahead"])


def approved_hash(policy: Stepped, number: int) -> str:
    """Return the hash of what an approval is for: the step, counted from 1, and the one after it."""
    return content_hash([_written(each) for each in policy.steps[number - 1 : number + 1]])


def run_id(policy: Stepped, core: str, attempt: int, *, started: int) -> str:
    """Return the ID of a run that starts with these steps.

    `attempt` makes it unique for an endpoint. `started`, the first minute, makes it unique for an endpoint
    that is deleted and created again: what was asked of an earlier run must not be taken for this one.
    """
    return f"{content_hash([core, [_written(each) for each in policy.steps], started])}-{attempt}"


def _written(model: BaseModel, *, exclude: set[str] | None = None) -> dict[str, Any]:
    """Return a model without defaults: a field that a later version adds must not change a hash."""
    return model.model_dump(mode="json", exclude=exclude, exclude_defaults=True)


def attempt_of(run: str) -> int:
    """Return the attempt in the ID of a run."""
    return int(run.rpartition("-")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTag:
    """What the endpoint remembers of its last run.

    It keeps a resource whose status was lost, or that was created again, from repeating a finished run.
    `started` is the first minute of the run, counted since 1970-01-01 UTC.
    """

    run: str
    core: str
    passed: str
    started: int
    outcome: Outcome | None = None

    def encode(self) -> str:
        """Return the value of the tag: at most 256 of the characters that AWS allows."""
        words = [self.run, f"core={self.core}", f"steps={self.passed}", f"started={self.started}"]
        return " ".join([*words, f"outcome={self.outcome}"] if self.outcome else words)

    @property
    def attempt_only(self) -> Self:
        """The tag of an endpoint without a run: it asks for none, and the next run gets a new attempt."""
        return replace(self, core=_NO_RUN, passed=_NO_RUN, outcome=None)

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """Return what `encode` wrote; None for anything else, and for numbers that status cannot have."""
        run, *words = text.split(" ")
        members = dict(word.partition("=")[::2] for word in words)
        if not _RUN.fullmatch(run) or not _STARTED.fullmatch(members.get("started", "")):
            return None
        try:
            return cls(
                run=run,
                core=members["core"],
                passed=members["steps"],
                started=int(members["started"]),
                outcome=Outcome(members["outcome"]) if "outcome" in members else None,
            )
        except (KeyError, ValueError):
            return None


def names_other_run(tag: str, other: str) -> bool:
    """Return whether two values of the tag name different runs."""
    return tag.partition(" ")[0] != other.partition(" ")[0]


def run_tag(tags: Mapping[str, str]) -> RunTag | None:
    """Return what the tags of an endpoint say about its last run."""
    return RunTag.decode(tags.get(RUN_TAG, ""))
