# ruff: noqa: RUF001  # what is absent is shown as a dash, not as a minus

import json

import pytest

from sagemaker_ab.cli.load_report import RequestResult, nearest_rank, summarize
from sagemaker_ab.cli.views.load import load_json, load_view

VARIANTS = ("VariantA", "VariantB", "VariantC")
RESULTS = [
    *(RequestResult(variant="VariantA", seconds=0.010 * n) for n in range(1, 11)),
    *(RequestResult(variant="VariantB", seconds=0.100) for _ in range(29)),
    RequestResult(variant=None, seconds=0.5, error="ServiceUnavailable: later"),
]


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (75, 3), (76, 4), (99, 4), (0, 1)])
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(percent, value):
    assert nearest_rank([1, 2, 3, 4], percent) == value


def test_shares_are_of_the_answers_and_latencies_leave_errors_out():
    report = summarize(RESULTS, variants=VARIANTS, seconds=4)
    by_name = {load.variant: load for load in report.variants}

    assert (report.answers, report.failures) == (39, 1)
    assert by_name["VariantA"].share == pytest.approx(10 / 39)
    assert by_name["VariantA"].latency.p90 == pytest.approx(0.090)
    assert by_name[None].errors == 1
    assert by_name[None].latency is None


def test_the_report_has_a_line_per_variant_even_if_none_of_its_answers_came(text):
    assert text(load_view(summarize(RESULTS, variants=VARIANTS, seconds=4))) == (
        "VARIANT      ANSWERS  SHARE  ERRORS   AVERAGE       P50       P90       P99\n"
        "VariantA          10  25.6%       0   55.0 ms   50.0 ms   90.0 ms  100.0 ms\n"
        "VariantB          29  74.4%       0  100.0 ms  100.0 ms  100.0 ms  100.0 ms\n"
        "VariantC           0   0.0%       0         –         –         –         –\n"
        "(no answer)        0   0.0%       1         –         –         –         –\n"
        "\n"
        "40 requests in 4.0 s, 10.0 per second; latency as this client saw it\n"
        "1 failed with ServiceUnavailable: later"
    )


def test_without_any_answer_there_is_no_share(text):
    failed = [RequestResult(variant="VariantA", seconds=1, error="ModelError: no")] * 2

    assert text(load_view(summarize(failed, variants=["VariantA"], seconds=2))).splitlines()[1] == (
        "VariantA        0      –       2        –    –    –    –"
    )


def test_programs_get_one_object_in_seconds_and_parts():
    report = json.loads(load_json(summarize(RESULTS, variants=VARIANTS, seconds=4)))

    assert report["answers"] == 39
    assert report["errors"] == {"ServiceUnavailable: later": 1}
    assert report["variants"][1]["latency"] == {
        "average": pytest.approx(0.1),
        "p50": 0.1,
        "p90": 0.1,
        "p99": 0.1,
    }
