"""The values of the annotations of commands: which run they name, and how a command is given again.

`approve` has the value `<run>/<step>`. The other commands have the value `<run>`. A person can give `hold`,
`resume` and `retry` to one run several times: `<run>/2` names the same run as `<run>`, and is another value.
So does `<run>/<step>/2` for a step whose approval an edit has withdrawn.
"""

from typing import Final

from sagemaker_ab.planning.runs.record import RunRecord

APPROVE: Final = "approve"
_GIVEN_AGAIN: Final = (APPROVE, "hold", "resume", "retry")
_LARGEST_NUMBER: Final = 999_999


def named_run(value: str) -> str:
    """Return the run that the value of a command that can be given again names, without the number.

    A value with anything else after a slash names no run, and is returned as it is.
    """
    run, slash, number = value.partition("/")
    return run if not slash or 1 <= whole_number(number) <= _LARGEST_NUMBER else value


def approved_step(value: str) -> tuple[str, str]:
    """Return the run and the step that the value of `approve` names, both as text, without the number."""
    run, _, rest = value.partition("/")
    return run, named_run(rest)


def whole_number(text: str) -> int:
    """Return a text of digits as a number, 0 for any other text."""
    return int(text) if text.isdecimal() and text.isascii() else 0


def value_to_give(command: str, record: RunRecord, annotation: str | None) -> str:
    """Return a value of a command for this run that the operator has not consumed yet.

    `annotation` is the present value on the resource. It stays if the operator has yet to consume it.
    """
    approves = command == APPROVE
    first = f"{record.run}/{record.step}" if approves else record.run
    entry = next((each for each in record.commands if each.command == command), None)
    refused = entry is not None and entry.effect == "Refused"
    if (approves and (refused or record.step in record.approved)) or command not in _GIVEN_AGAIN:
        return first
    consumed = entry.value if entry is not None else None
    known = [each for each in (annotation, consumed) if each is not None]
    named = ["/".join(approved_step(each)) if approves else named_run(each) for each in known]
    given = [each for each, name in zip(known, named, strict=True) if name == first]
    if annotation in given and annotation != consumed:
        return annotation or first
    numbers = [max(1, whole_number(each.removeprefix(first).removeprefix("/"))) for each in given]
    return f"{first}/{max(numbers) + 1}" if numbers else first
