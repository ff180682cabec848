"""Cron expressions of AWS, by the examples of its user guide and by the calendar."""

from datetime import date, time, timedelta

import pytest

from sagemaker_ab.planning.cron import Cron

YEAR = [date(2027, 1, 1) + timedelta(days=day) for day in range(365)]


def days(text):
    cron = Cron.parse(text)
    return [day for day in YEAR if cron.times_of(day)]


def test_minutes_and_hours_are_the_times_of_a_day_in_order():
    cron = Cron.parse("0,30 8-9 * * ? *")

    assert cron.times_of(YEAR[0]) == [time(8, 0), time(8, 30), time(9, 0), time(9, 30)]


@pytest.mark.parametrize(
    ("field", "minutes"),
    [
        ("*/20", [0, 20, 40]),
        ("50/5", [50, 55]),
        ("10-20/5", [10, 15, 20]),
        ("7", [7]),
        ("1,3,5", [1, 3, 5]),
    ],
)
def test_a_field_is_values_ranges_and_steps(field, minutes):
    assert [due.minute for due in Cron.parse(f"{field} 0 * * ? *").times_of(YEAR[0])] == minutes


def test_days_of_the_week_begin_with_sunday():
    assert {day.strftime("%a") for day in days("0 8 ? * 2-6 *")} == {"Mon", "Tue", "Wed", "Thu", "Fri"}
    assert days("0 8 ? * MON-FRI *") == days("0 8 ? * 2-6 *")
    assert days("0 8 ? * 1,7 *") == days("0 8 ? * SUN,SAT *")


def test_days_of_the_month_months_and_years():
    assert days("0 8 1,15 JAN-MAR ? *") == [date(2027, month, day) for month in (1, 2, 3) for day in (1, 15)]
    assert days("0 8 31 * ? 2027")[-1] == date(2027, 12, 31)
    assert days("0 8 31 * ? 2028") == []


def test_the_last_day_of_a_month_and_the_last_friday():
    assert days("0 8 L * ? *")[:3] == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]
    assert days("0 8 ? * FRIL *")[:2] == days("0 8 ? * 6L *")[:2] == [date(2027, 1, 29), date(2027, 2, 26)]
    assert all(day.strftime("%a") == "Sat" for day in days("0 8 ? * L *"))


def test_the_weekday_nearest_to_a_day_stays_within_its_month():
    # The 15th of August 2027 is a Sunday, the 1st a Sunday as well, the 15th of May a Saturday.
    assert days("0 8 15W 8 ? *") == [date(2027, 8, 16)]
    assert days("0 8 15W 5 ? *") == [date(2027, 5, 14)]
    assert days("0 8 1W 8 ? *") == [date(2027, 8, 2)]
    assert days("0 8 1W 5 ? *") == [date(2027, 5, 3)]
    assert days("0 8 31W 10 ? *") == [date(2027, 10, 29)]
    assert days("0 8 LW 7 ? *") == [date(2027, 7, 30)]
    assert days("0 8 31W 2 ? *") == []


def test_the_second_tuesday():
    assert days("0 8 ? * 3#2 *")[:2] == days("0 8 ? * TUE#2 *")[:2] == [date(2027, 1, 12), date(2027, 2, 9)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0 8 * * ?", "cron takes the fields"),
        ("0 8 * * * *", "must be ?"),
        ("0 8 ? * ? *", "must be ?"),
        ("60 8 * * ? *", "60 is not from 0 to 59"),
        ("0 8 32 * ? *", "32 is not from 1 to 31"),
        ("0 8 ? * 8 *", "8 is not from 1 to 7"),
        ("0 8 ? * FRI-MON *", "FRI-MON is not from 1 to 7"),
        ("0/0 8 * * ? *", "0 is not from 1 to 59"),
        ("0 8, * * ? *", "nothing is not from 0 to 23"),
        ("0 8 ? * MOON *", "MOON is not from 1 to 7"),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_bound(text, problem):
    with pytest.raises(ValueError, match=problem.replace("?", r"\?")):
        Cron.parse(text)
