from datetime import UTC, datetime, timedelta, timezone

from sagemaker_ab.cli.views.canvas import BrailleCanvas
from sagemaker_ab.cli.views.chart import chart_text
from sagemaker_ab.cli.views.charts import charts_page
from sagemaker_ab.planning.charts import CHARTS, PERIOD, ChartData, Point, Series, TimeRange, last_minutes

INVOCATIONS = CHARTS[1]
TIME_RANGE = last_minutes(6, before=datetime(2026, 11, 25, 15, 50, 42, tzinfo=UTC))


def series(variant, *values, complete=True):
    """One value per minute from the start of TIME_RANGE; None is a minute without a datapoint."""
    points = (
        Point(at=TIME_RANGE.start + minute * PERIOD, value=value)
        for minute, value in enumerate(values)
        if value is not None
    )
    return Series(name=variant, points=tuple(points), complete=complete)


def characters(canvas):
    return ["".join(cell.character for cell in row) for row in canvas.cells()]


def test_the_range_is_the_last_whole_minutes():
    assert TIME_RANGE.start == datetime(2026, 11, 25, 15, 44, tzinfo=UTC)
    assert TIME_RANGE.end == datetime(2026, 11, 25, 15, 50, tzinfo=UTC)


def test_a_range_ends_with_the_last_whole_minute_in_utc():
    in_kathmandu = timezone(timedelta(hours=5, minutes=45))
    found = last_minutes(6, before=datetime(2026, 11, 25, 21, 35, 42, 500, tzinfo=in_kathmandu))

    end = datetime(2026, 11, 25, 15, 50, tzinfo=UTC)
    assert found == TimeRange(start=end - timedelta(minutes=6), end=end)
    assert found.end.tzinfo is UTC


def test_a_canvas_sets_dots_from_the_top_left_and_leaves_the_rest_blank():
    canvas = BrailleCanvas(columns=2, rows=2)
    canvas.dot(x=0, y=0, layer=0)
    canvas.line(x0=2, y0=4, x1=2, y1=7, layer=1)
    canvas.dot(x=4, y=0, layer=1)

    assert characters(canvas) == ["⠁ ", " ⡇"]
    assert canvas.cells()[1][1].layer == 1


def test_a_slanting_line_has_no_holes():
    canvas = BrailleCanvas(columns=2, rows=1)
    canvas.line(x0=0, y0=0, x1=3, y1=3, layer=0)

    assert characters(canvas) == ["⠑⢄"]


def test_a_chart_steps_from_minute_to_minute_and_leaves_gaps_where_nothing_is_known(text):
    data = ChartData(
        chart=INVOCATIONS,
        series=(series("VariantA", 10, 20, None, None, 20, 20), series("VariantB", 4, 4, 4, 4, 0, 0)),
    )

    assert text(chart_text(data, time_range=TIME_RANGE, width=38, height=4), width=38) == (
        "Invocations  sum, per minute\n"
        "    20 ┤     ⡏⠉⠉⠉⠉⠁        ⠈⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉\n"
        "       │     ⡇\n"
        "    10 ┤⠉⠉⠉⠉⠉⠁\n"
        "     0 ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⢹⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀\n"
        "       └──────────────────────────────\n"
        "        15:44       15:47        15:50\n"
        "  ━━ VariantA  last 20 · mean 17.5 · m\n"
        "  ━━ VariantB  last 0 · mean 2.67 · ma"
    )


def test_a_variant_without_datapoints_says_so(text):
    data = ChartData(chart=INVOCATIONS, series=(series("VariantA"), series("VariantB", 3, complete=False)))

    assert text(chart_text(data, time_range=TIME_RANGE, width=60, height=4), width=60).splitlines()[-2:] == [
        "  ━━ VariantA  no datapoints",
        "  ━━ VariantB  last 3 · mean 3 · max 3  (incomplete)",
    ]


def test_charts_stand_side_by_side_only_where_they_have_room(text):
    charts = [ChartData(chart=chart, series=(series("VariantA", 1, 2),)) for chart in CHARTS]

    def titles(width):
        page = text(
            charts_page(charts, endpoint_name="reviews-prod", time_range=TIME_RANGE, width=width), width=width
        )
        return [line.split()[0] for line in page.splitlines() if "average" in line or "sum" in line]

    assert titles(80) == [chart.metric.name for chart in CHARTS]
    assert titles(100) == ["CPUUtilization", "InvocationsPerInstance"]


def test_the_page_names_the_endpoint_and_the_time_range(text):
    page = charts_page([], endpoint_name="reviews-prod", time_range=TIME_RANGE, width=80)

    assert text(page).rstrip() == "Endpoint reviews-prod, 2026-11-25 15:44 to 15:50 UTC, minute by minute"


def test_a_limit_is_dashed_behind_the_values_and_its_legend_says_whether_it_changed(text):
    """The limit is 10 for as long as the series is."""
    limit = Series(name="max", points=series("max", 10, 10, 20, 20, 20, 20).points, limit=True)
    data = ChartData(chart=INVOCATIONS, series=(series("VariantA", 10, 10), limit))

    assert text(chart_text(data, time_range=TIME_RANGE, width=38, height=4), width=38) == (
        "Invocations  sum, per minute\n"
        "    20 ┤          ⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈\n"
        "       │\n"
        "    10 ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠁\n"
        "     0 ┤\n"
        "       └──────────────────────────────\n"
        "        15:44       15:47        15:50\n"
        "  ━━ VariantA  last 10 · mean 10 · max\n"
        "  ┄┄ max  20  10 to 20"
    )


def test_a_limit_that_stays_has_one_figure_and_an_unknown_one_none(text):
    target = Series(
        name="target",
        points=(Point(at=TIME_RANGE.start, value=2.5),),
        period=6 * PERIOD,
        limit=True,
    )
    data = ChartData(chart=INVOCATIONS, series=(target, Series(name="max", points=(), limit=True)))

    drawn = text(chart_text(data, time_range=TIME_RANGE, width=38, height=4), width=38).splitlines()

    assert drawn[1] == "   2.5 ┤⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈"
    assert drawn[-2:] == ["  ┄┄ target  2.5", "  ┄┄ max  not known"]


def test_periods_are_as_wide_as_they_are_long(text):
    three = Series(
        name="VariantA",
        points=tuple(
            Point(at=TIME_RANGE.start + minute * PERIOD, value=value) for minute, value in ((0, 1), (3, 2))
        ),
        period=3 * PERIOD,
    )

    drawn = text(
        chart_text(ChartData(chart=INVOCATIONS, series=(three,)), time_range=TIME_RANGE, width=38, height=4),
        width=38,
    ).splitlines()

    assert drawn[1:4] == [
        "     2 ┤               ⡏⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉",
        "       │               ⡇",
        "     1 ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠁",
    ]


def test_an_axis_goes_below_zero_only_for_negative_values(text):
    data = ChartData(chart=INVOCATIONS, series=(series("VariantA", -4, 10),))

    drawn = text(chart_text(data, time_range=TIME_RANGE, width=38, height=4), width=38).splitlines()

    assert [line[:8] for line in drawn[1:5]] == ["    10 ┤", "       │", "     3 ┤", "    -4 ┤"]
