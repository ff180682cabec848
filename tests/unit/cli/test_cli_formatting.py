# ruff: noqa: RUF001  # what is absent is shown as a dash, not as a minus

from datetime import timedelta
from decimal import Decimal

import pytest

from sagemaker_ab.cli.views.formatting import age, milliseconds, per_minute, percent, share
from sagemaker_ab.cli.views.scale import round_up, short


@pytest.mark.parametrize(
    ("passed", "written"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(minutes=9, seconds=59), "9m59s"),
        (timedelta(minutes=10, seconds=59), "10m"),
        (timedelta(hours=2, minutes=59), "179m"),
        (timedelta(hours=3), "3h"),
        (timedelta(hours=7, minutes=30), "7h30m"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=7, hours=3), "7d3h"),
        (timedelta(days=400), "400d"),
    ],
)
def test_ages_are_written_as_kubectl_writes_them(now, passed, written):
    assert age(now - passed, now=now) == written


def test_what_is_absent_is_a_dash_and_not_a_zero(now):
    absent = [age(None, now=now), per_minute(None, seconds=60), milliseconds(None), percent(None)]

    assert absent == ["–"] * 4
    assert share(Decimal(0), total=Decimal(0)) == "–"


def test_numbers_of_a_window_become_rates_shares_and_milliseconds():
    assert per_minute(171, seconds=300) == "34.2/min"
    assert per_minute("17.5", seconds=60) == "17.5/min"
    assert milliseconds(24011) == "24.0"
    assert percent("38.25") == "38.2 %"
    assert share(Decimal(1), total=Decimal(3)) == "33.3%"


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (0.07, 0.08), (1, 1), (1.1, 1.2), (74, 80), (101, 120), (999, 1000)]
)
def test_axes_end_at_a_round_figure_not_far_above(value, top):
    assert round_up(value) == pytest.approx(top)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.25, "0.25"),
        (12.5, "12.5"),
        (340, "340"),
        (1250, "1250"),
        (12_500, "12.5k"),
        (3e6, "3M"),
        (2e9, "2G"),
    ],
)
def test_axis_figures_are_short(value, written):
    assert short(value) == written
