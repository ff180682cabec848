"""What is exported is what a replay reads."""

from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.cli.replaying.counts_file import read_counts
from sagemaker_ab.cli.replaying.counts_writer import counts_csv
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow

MIDNIGHT = 29_453_760


def read_back(rows):
    return list(read_counts(counts_csv(rows), source="export").rows)


@st.composite
def counts(draw):
    invocations = draw(st.none() | st.integers(0, 10**9))
    most = 10**9 if invocations is None else invocations
    errors, measured = st.none() | st.integers(0, most), st.none() | st.floats(1e-3, 1e12)
    trials = draw(st.integers(0, 10**6))
    weight = draw(st.none() | st.floats(1e-3, 1e6))
    return Counts(
        weight=weight,
        invocations=invocations,
        errors_4xx=draw(errors),
        errors_5xx=draw(errors),
        model_errors=draw(errors),
        latency_average_micros=draw(measured),
        latency_p99_micros=draw(measured),
        successes=draw(st.none() | st.integers(0, trials)),
        trials=draw(st.sampled_from([None, trials])),
        verified=weight is not None,
    )


@given(
    first=st.tuples(counts(), counts()),
    more=st.lists(
        st.builds(CountsRow, st.integers(MIDNIGHT, MIDNIGHT + 20), st.sampled_from("AB"), counts())
    ),
)
def test_rows_are_read_back_as_they_were_and_of_a_revised_minute_the_last(first, more):
    rows = [CountsRow(MIDNIGHT, "A", first[0]), CountsRow(MIDNIGHT, "B", first[1]), *more]
    newest = {(row.at, row.variant): row for row in rows}

    assert sorted(read_back(rows)) == sorted(newest.values())


def test_a_line_has_the_columns_of_the_page_and_empty_cells_for_missing_numbers():
    rows = [
        CountsRow(
            MIDNIGHT, "A", Counts(weight=90.0, invocations=540, errors_5xx=0, latency_average_micros=1e-7)
        ),
        CountsRow(MIDNIGHT, "A", Counts(weight=90.0, invocations=541)),
    ]
    header, *lines = counts_csv(rows)
    assert header == (
        "minute,variant,weight,invocations,errors4xx,errors5xx,modelErrors,latencyAverageMicros,"
        "latencyP99Micros,successes,trials\n"
    )
    assert lines == [
        "2026-01-01T00:00Z,A,90.0,540,,0,,0.0000001,,,\n",
        "2026-01-01T00:00Z,A,90.0,541,,,,,,,\n",
    ]


def test_a_number_smaller_than_the_reader_takes_is_cut():
    rows = [CountsRow(MIDNIGHT, name, Counts(weight=1.2345678901234567e-05)) for name in "AB"]
    assert read_back(rows)[0].counts.weight == 1.234567890123456e-05
