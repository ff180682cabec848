import math
from datetime import UTC, datetime

import pytest

from sagemaker_ab.cli.views.plot import save_plot, with_gaps
from sagemaker_ab.planning.charts import CHARTS, PERIOD, ChartData, Point, Series, last_minutes

TIME_RANGE = last_minutes(30, before=datetime(2026, 11, 25, 15, 50, tzinfo=UTC))


def series(*minutes):
    points = tuple(Point(at=TIME_RANGE.start + minute * PERIOD, value=float(minute)) for minute in minutes)
    return Series(name="VariantA", points=points)


def test_no_line_bridges_minutes_without_datapoints():
    line = list(with_gaps(series(1, 2, 5)))

    assert [at for at, _ in line] == [TIME_RANGE.start + minute * PERIOD for minute in (1, 2, 3, 5)]
    assert [math.isnan(value) for _, value in line] == [False, False, True, False]


def test_the_picture_names_endpoint_variants_metrics_and_units(tmp_path):
    path = tmp_path / "reviews.svg"
    charts = [ChartData(chart=chart, series=(series(1, 2, 5),)) for chart in CHARTS]

    save_plot(charts, endpoint_name="reviews-prod", time_range=TIME_RANGE, path=path)

    drawn = path.read_text()
    for words in ("reviews-prod   2026-11-25 15:20 to 15:50 UTC", "VariantA", "ModelLatency", "average, ms"):
        assert f"<!-- {words} -->" in drawn


def test_a_chart_without_datapoints_says_so(tmp_path):
    path = tmp_path / "reviews.svg"

    save_plot(
        [ChartData(chart=CHARTS[0], series=(series(),))],
        endpoint_name="reviews-prod",
        time_range=TIME_RANGE,
        path=path,
    )

    assert "<!-- no datapoints -->" in path.read_text()


def test_a_format_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Format 'docx' is not supported"):
        save_plot(
            [ChartData(chart=CHARTS[0], series=(series(1),))],
            endpoint_name="reviews-prod",
            time_range=TIME_RANGE,
            path=tmp_path / "reviews.docx",
        )
