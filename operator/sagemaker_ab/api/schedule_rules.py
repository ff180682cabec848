"""The validation rules of bounds and of the scheduled actions that change them.

Sources: Application Auto Scaling API reference (RegisterScalableTarget, PutScheduledAction) and user guide,
"Schedule recurring scaling actions using cron expressions".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sagemaker_ab.api.autoscaling import Autoscaling, ScheduledAction
from sagemaker_ab.api.rule import Rule, at_least_one_of

LEAP_YEAR: Final = "20([02468][048]|[13579][26])"
AT: Final = (
    "^at[(]("
    "20[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))"
    f"|{LEAP_YEAR}-02-29"
    ")T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][)]$"
)
RATE: Final = "^rate[(](1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))[)]$"


def _list(*values: str, step: str) -> str:
    """Return the pattern of a list of values, ranges and steps; a range has two values of the same form."""
    ranges = "|".join(f"{value}(-{value})?" for value in values)
    item = f"([*]|{ranges})(/{step})?"
    return f"{item}(,{item})*"


MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTH_NAME, _WEEKDAY_NAME = f"({'|'.join(MONTHS)})", f"({'|'.join(WEEKDAYS)})"
_HOUR, _DAY, _MONTH = "([01]?[0-9]|2[0-3])", "(0?[1-9]|[12][0-9]|3[01])", "(0?[1-9]|1[0-2])"
_MONTH_FIELD: Final = _list(_MONTH, _MONTH_NAME, step=_MONTH)
_DAY_FIELD: Final = f"({_list(_DAY, step=_DAY)}|L|LW|{_DAY}W)"
_WEEKDAY_FIELD: Final = f"({_list('[1-7]', _WEEKDAY_NAME, step='[1-7]')}|L|([1-7]|{_WEEKDAY_NAME})(L|#[1-5]))"
CRON: Final = (
    f"^cron[(]{_list('[0-5]?[0-9]', step='(0?[1-9]|[1-5][0-9])')}"
    f" {_list(_HOUR, step='(0?[1-9]|1[0-9]|2[0-3])')}"
    f" ({_DAY_FIELD} {_MONTH_FIELD} [?]|[?] {_MONTH_FIELD} {_WEEKDAY_FIELD})"
    f" {_list('(19[7-9][0-9]|2[01][0-9]{2})', step='[1-9][0-9]{0,2}')}[)]$"
)
NUMBER_RANGE: Final = "[0-9]{1,4}-[0-9]{1,4}"
NAME_RANGE: Final = "[A-Z]{3}-[A-Z]{3}"


def _ascends(schedule: str) -> bool:
    """Check that no range in a cron expression goes backward."""
    numbers = [each.split("-") for each in re.findall(NUMBER_RANGE, schedule)]
    names = [each.split("-") for each in re.findall(NAME_RANGE, schedule)]
    return all(int(first) <= int(last) for first, last in numbers) and all(
        _place(first, among) <= _place(last, among) for first, last in names for among in (MONTHS, WEEKDAYS)
    )


def _place(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else -1


def _in_order(action: ScheduledAction) -> bool:
    low, high = action.min_capacity, action.max_capacity
    return low is None or high is None or low <= high


def _starts_within_its_bounds(autoscaling: Autoscaling) -> bool:
    count = autoscaling.initial_instance_count
    return count is None or autoscaling.min_capacity <= count <= autoscaling.max_capacity


def _minimums_alone(autoscaling: Autoscaling) -> Iterator[tuple[str, int]]:
    """Yield names and minimums of actions with a minimum alone that exceeds a maximum."""
    maximums = [action.max_capacity for action in autoscaling.scheduled_actions if action.max_capacity]
    lowest = min([autoscaling.max_capacity, *maximums])
    for action in autoscaling.scheduled_actions:
        if action.min_capacity is not None and action.max_capacity is None and action.min_capacity > lowest:
            yield action.name, action.min_capacity


def _maximums_alone(autoscaling: Autoscaling) -> Iterator[tuple[str, int]]:
    """Yield names and maximums of actions with a maximum alone that is less than a minimum."""
    minimums = [action.min_capacity for action in autoscaling.scheduled_actions if action.min_capacity]
    highest = max([autoscaling.min_capacity, *minimums])
    for action in autoscaling.scheduled_actions:
        if action.max_capacity is not None and action.min_capacity is None and action.max_capacity < highest:
            yield action.name, action.max_capacity


ASCENDING: Final = (
    f"self.schedule.findAll('{NUMBER_RANGE}').all(span, int(span.split('-')[0]) <= int(span.split('-')[1]))"
    f" && [{[*MONTHS]}, {[*WEEKDAYS]}].all(names, self.schedule.findAll('{NAME_RANGE}')"
    ".all(span, names.indexOf(span.split('-')[0]) <= names.indexOf(span.split('-')[1])))"
)
MINIMUMS_ALONE: Final = (
    "self.scheduledActions.filter(one, has(one.minCapacity) && !has(one.maxCapacity)"
    " && (one.minCapacity > self.maxCapacity || self.scheduledActions.exists(other,"
    " has(other.maxCapacity) && one.minCapacity > other.maxCapacity)))"
)
MAXIMUMS_ALONE: Final = (
    "self.scheduledActions.filter(one, has(one.maxCapacity) && !has(one.minCapacity)"
    " && (one.maxCapacity < self.minCapacity || self.scheduledActions.exists(other,"
    " has(other.minCapacity) && one.maxCapacity < other.minCapacity)))"
)

SCHEDULE_RULES: Final[tuple[Rule[Any], ...]] = (
    Rule(
        scope=Autoscaling,
        field="minCapacity",
        cel="self.minCapacity <= self.maxCapacity",
        holds=lambda autoscaling: autoscaling.min_capacity <= autoscaling.max_capacity,
        message="must be less than or equal to maxCapacity, but %s is greater than %s",
        given=(
            ("self.minCapacity", lambda autoscaling: autoscaling.min_capacity),
            ("self.maxCapacity", lambda autoscaling: autoscaling.max_capacity),
        ),
    ),
    Rule(
        scope=Autoscaling,
        field="initialInstanceCount",
        cel=(
            "!has(self.initialInstanceCount) || (self.initialInstanceCount >= self.minCapacity"
            " && self.initialInstanceCount <= self.maxCapacity)"
        ),
        holds=_starts_within_its_bounds,
        message="must be from minCapacity to maxCapacity, but %s is not from %s to %s",
        given=(
            ("self.initialInstanceCount", lambda autoscaling: autoscaling.initial_instance_count),
            ("self.minCapacity", lambda autoscaling: autoscaling.min_capacity),
            ("self.maxCapacity", lambda autoscaling: autoscaling.max_capacity),
        ),
    ),
    Rule(
        scope=Autoscaling,
        cel=(
            "(has(self.policies) && self.policies.size() > 0)"
            " || (has(self.scheduledActions) && self.scheduledActions.size() > 0)"
        ),
        holds=lambda autoscaling: bool(autoscaling.policies or autoscaling.scheduled_actions),
        message=(
            "policies and scheduledActions must not both be empty, because nothing would scale the variant;"
            " set instanceCount instead"
        ),
    ),
    Rule(
        scope=Autoscaling,
        field="scheduledActions",
        cel=f"!has(self.scheduledActions) || {MINIMUMS_ALONE}.size() == 0",
        holds=lambda autoscaling: not any(_minimums_alone(autoscaling)),
        message=(
            "minCapacity of %s is greater than a maximum that can be in effect, because the action sets no"
            " maxCapacity"
        ),
        given=((f"{MINIMUMS_ALONE}[0].name", lambda autoscaling: next(_minimums_alone(autoscaling))[0]),),
    ),
    Rule(
        scope=Autoscaling,
        field="scheduledActions",
        cel=f"!has(self.scheduledActions) || {MAXIMUMS_ALONE}.size() == 0",
        holds=lambda autoscaling: not any(_maximums_alone(autoscaling)),
        message=(
            "maxCapacity of %s is less than a minimum that can be in effect, because the action sets no"
            " minCapacity"
        ),
        given=((f"{MAXIMUMS_ALONE}[0].name", lambda autoscaling: next(_maximums_alone(autoscaling))[0]),),
    ),
    at_least_one_of(ScheduledAction, "minCapacity", "maxCapacity"),
    Rule(
        scope=ScheduledAction,
        field="minCapacity",
        cel=("!has(self.minCapacity) || !has(self.maxCapacity) || self.minCapacity <= self.maxCapacity"),
        holds=_in_order,
        message="must be less than or equal to maxCapacity, but %s is greater than %s",
        given=(
            ("self.minCapacity", lambda action: action.min_capacity),
            ("self.maxCapacity", lambda action: action.max_capacity),
        ),
    ),
    Rule(
        scope=ScheduledAction,
        field="schedule",
        cel=f"!self.schedule.startsWith('at(') || self.schedule.matches('{AT}')",
        holds=lambda action: not action.schedule.startswith("at(") or bool(re.fullmatch(AT, action.schedule)),
        message="at must have a date and time that exist, from 2000 to 2099",
    ),
    Rule(
        scope=ScheduledAction,
        field="schedule",
        cel=f"!self.schedule.startsWith('rate(') || self.schedule.matches('{RATE}')",
        holds=lambda action: (
            not action.schedule.startswith("rate(") or bool(re.fullmatch(RATE, action.schedule))
        ),
        message="rate must have a unit in the singular with 1 and in the plural with any other value",
    ),
    Rule(
        scope=ScheduledAction,
        field="schedule",
        cel=f"!self.schedule.startsWith('cron(') || self.schedule.matches('{CRON}')",
        holds=lambda action: (
            not action.schedule.startswith("cron(") or bool(re.fullmatch(CRON, action.schedule))
        ),
        message=(
            "cron must have minutes (0-59), hours (0-23), day of month (1-31), month (1-12 or JAN-DEC),"
            " day of week (1-7 or SUN-SAT) and year (1970-2199); one of day of month and day of week must"
            " be ?"
        ),
    ),
    Rule(
        scope=ScheduledAction,
        field="schedule",
        cel=f"!self.schedule.startsWith('cron(') || ({ASCENDING})",
        holds=lambda action: not action.schedule.startswith("cron(") or _ascends(action.schedule),
        message="a range in cron must not go backward",
    ),
    Rule(
        scope=ScheduledAction,
        field="timezone",
        cel="!has(self.timezone) || !self.schedule.startsWith('rate(')",
        holds=lambda action: action.timezone is None or not action.schedule.startswith("rate("),
        message="cannot be set with rate, which has no time of day",
    ),
    Rule(
        scope=ScheduledAction,
        field="endTime",
        cel="!has(self.startTime) || !has(self.endTime) || self.startTime < self.endTime",
        holds=lambda action: (
            action.start_time is None or action.end_time is None or action.start_time < action.end_time
        ),
        message="must be later than startTime",
    ),
)
