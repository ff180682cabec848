"""Breaches of the constraints of scheduled actions."""

from collections.abc import Iterator

from tests.integration.breach import Breach, odd, out_of_range, rule, too_long, too_many, twice
from tests.integration.scaling_given import OTHER_AUTOSCALING

GIVEN = OTHER_AUTOSCALING["scheduledActions"]
SCHEDULE = (
    r"^(at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\)"
    r"|rate\([1-9][0-9]{0,8} (minutes?|hours?|days?)\)"
    r"|cron\([0-9A-Za-z*?,/#-]+( [0-9A-Za-z*?,/#-]+){5}\))$"
)
TIME = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"


def action_breaches(actions: str) -> Iterator[Breach]:
    yield too_many(
        actions,
        [{**GIVEN[0], "name": f"action {n}"} for n in range(21)],
        most=20,
    )
    yield twice(actions, GIVEN[0], "name")
    yield odd(f"{actions}[0].name", "8:00", "^[!-.0-9;-{}~]([ -.0-9;-{}~]*[!-.0-9;-{}~])?$")
    yield too_long(f"{actions}[0].name", "a", most=256)
    yield odd(f"{actions}[0].schedule", "cron(0 8 * * *)", SCHEDULE)
    yield too_long(f"{actions}[0].schedule", f"cron({'1' * 256} 8 * * ? *)", most=256)
    yield odd(f"{actions}[0].timezone", "Europe/São Paulo", "^[A-Za-z][A-Za-z0-9_+/-]*$")
    yield too_long(f"{actions}[0].timezone", "a", most=64)
    for field in ("startTime", "endTime"):
        yield odd(f"{actions}[0].{field}", "2027-06-01T00:00:00.5Z", TIME)
    for field in ("minCapacity", "maxCapacity"):
        yield from out_of_range(f"{actions}[0].{field}", 1, 10000)
    yield rule(
        f"{actions}[1].minCapacity",
        None,
        "at least one of minCapacity and maxCapacity must be set",
        blamed=f"{actions}[1]",
    )
    yield rule(
        f"{actions}[0].minCapacity",
        7,
        "must be less than or equal to maxCapacity, but 7 is greater than 6",
        blamed=f"{actions}[0].minCapacity",
    )
    yield rule(
        f"{actions}[0].endTime",
        "2027-01-01T01:00:00+01:00",
        "must be later than startTime",
        blamed=f"{actions}[0].endTime",
    )
    yield rule(
        f"{actions}[3].timezone",
        "Europe/Berlin",
        "cannot be set with rate, which has no time of day",
        blamed=f"{actions}[3].timezone",
    )
    yield from schedule_breaches(f"{actions}[1].schedule")
    # The others allow from 3 to 6, from 2 to 6, and at most 4.
    yield rule(
        f"{actions}[1].minCapacity",
        5,
        "minCapacity of evening is greater than a maximum that can be in effect, because the action sets no"
        " maxCapacity",
        blamed=actions,
    )
    yield rule(
        f"{actions}[2].maxCapacity",
        2,
        "maxCapacity of sale is less than a minimum that can be in effect, because the action sets no"
        " minCapacity",
        blamed=actions,
    )


def schedule_breaches(schedule: str) -> Iterator[Breach]:
    yield rule(
        schedule,
        "at(2027-02-29T00:00:00)",
        "at must have a date and time that exist, from 2000 to 2099",
        blamed=schedule,
    )
    yield rule(
        schedule,
        "rate(1 hours)",
        "rate must have a unit in the singular with 1 and in the plural with any other value",
        blamed=schedule,
    )
    yield rule(
        schedule,
        "cron(0 20 * * MON *)",
        "cron must have minutes (0-59), hours (0-23), day of month (1-31), month (1-12 or JAN-DEC), day of"
        " week (1-7 or SUN-SAT) and year (1970-2199); one of day of month and day of week must be ?",
        blamed=schedule,
    )
    for backward in ("cron(0 20-8 ? * MON *)", "cron(0 20 ? * FRI-MON *)", "cron(0 8 1 NOV-FEB ? *)"):
        yield rule(schedule, backward, "a range in cron must not go backward", blamed=schedule)
