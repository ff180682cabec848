"""Invalid count files, each with the position, value and bound that its message must name."""

from tests.unit.traffic.recorded import HEADER, csv_text, minute

ROW = f"{minute(0)},A,50,100,1,50000,10,100"
GOOD = f"{minute(0)},B,50,100,1,50000,10,100"
BAD_COUNTS = [
    ("", ["counts.csv, line 1 is empty; it", "minute,variant"]),
    ("\n" + ROW, ["counts.csv, line 1 is empty; it", "minute,variant"]),
    (HEADER + "\n", ["line 2 is missing", "one for each minute and variant"]),
    ("minute,variant\n", ["line 1 has nothing but minute, variant", "allowed: minute", "invocations"]),
    (csv_text([ROW], "minute,weight,invocations"), ["line 1 has no column variant", "given: minute,"]),
    (
        csv_text([ROW], HEADER.replace("trials", "tries")),
        ["line 1", "column 8", "'tries'", "allowed: minute,"],
    ),
    (csv_text([ROW], HEADER.replace("trials", "successes")), ["line 1", "column 8", "successes", "once"]),
    (csv_text([ROW]), ["line 2, column variant: A is the only one", "from 2 to 10"]),
    (csv_text([GOOD, ROW + ",7"]), ["line 3 has 9 cells", "8 columns"]),
    (
        csv_text([GOOD, "2026-03-02,A,50,100,1,5,10,100"]),
        ["line 3", "minute", "'2026-03-02'", "2026-03-02T10:39Z"],
    ),
    (csv_text([GOOD, "2026-03-02T10:39,A,50,100,1,5,10,100"]), ["line 3", "minute", "in UTC"]),
    (csv_text([GOOD, "2026-03-02T10:39+02:00,A,50,100,1,5,10,100"]), ["line 3", "minute", "+02:00", "UTC"]),
    (csv_text([GOOD, "2026-02-30T10:39Z,A,50,100,1,5,10,100"]), ["line 3", "minute", "'2026-02-30T10:39Z'"]),
    (csv_text([GOOD, "2026-03-02T10:39:30Z,A,50,100,1,5,10,100"]), ["line 3", "minute", ":30Z"]),
    (csv_text([GOOD, ROW.replace(",A,", ",a_b,")]), ["line 3", "variant", "'a_b'", "letters, digits"]),
    (
        csv_text([GOOD, ROW.replace(",100,1,", ",-1,1,")]),
        ["line 3", "invocations", "'-1'", "integer of 0 or more"],
    ),
    (csv_text([GOOD, ROW.replace(",100,1,", ",1.5,1,")]), ["line 3", "invocations", "'1.5'", "integer"]),
    (
        csv_text([GOOD, ROW.replace(",100,1,", ",100.01,1,")]),
        ["line 3", "invocations", "'100.01'", "integer"],
    ),
    (csv_text([GOOD, ROW.replace(",100,1,", ",100.,1,")]), ["line 3", "invocations", "'100.'", "integer"]),
    (csv_text([GOOD, ROW.replace(",50,", ",half,")]), ["line 3", "weight", "'half'", "decimal of 0 or more"]),
    (csv_text([GOOD, ROW.replace("50000", "nan")]), ["line 3", "latencyAverageMicros", "'nan'", "decimal"]),
    (
        csv_text([GOOD, ROW.replace(",1,50000", ",101,50000")]),
        ["line 3", "errors5xx", "101", "invocations, 100"],
    ),
    (
        csv_text([GOOD, ROW.replace(",10,100", ",101,100")]),
        ["line 3", "successes", "101", "at most trials, 100"],
    ),
    (csv_text([GOOD, '"' + ROW]), ["line 3", "is not CSV"]),
    (
        csv_text([GOOD, ROW.replace(",100,1,", f",{10**16},1,")]),
        ["line 3", "invocations", f"'{10**16}'", "15"],
    ),
    (csv_text([GOOD, ROW.replace(",100,1,", ",1_0,1,")]), ["line 3", "invocations", "'1_0'", "integer"]),
    (csv_text([GOOD, ROW.replace(",100,1,", ",1e2,1,")]), ["line 3", "invocations", "'1e2'", "integer"]),
    (
        csv_text([GOOD, ROW.replace(",100,1,", ",\u0661\u0660,1,")]),
        ["line 3", "invocations", "'\u0661\u0660'", "integer"],
    ),
    (csv_text([GOOD, ROW.replace("50000", "-0.5")]), ["line 3", "latencyAverageMicros", "'-0.5'", "decimal"]),
    (csv_text([GOOD, ROW.replace("50000", "inf")]), ["line 3", "latencyAverageMicros", "'inf'", "decimal"]),
    (csv_text([GOOD, ROW.replace("50000", '"50,000"')]), ["line 3", "latencyAverageMicros", "'50,000'"]),
    (csv_text([GOOD, ROW.replace(",A,", ",,")]), ["line 3", "variant", "''", "letters, digits"]),
    (
        csv_text([GOOD, ROW.replace(",A,", "," + "A" * 64 + ",")]),
        ["line 3", "variant", "AAA…'", "at most 63"],
    ),
    (csv_text([GOOD, ROW.replace(",A,", ",A\0,")]), ["line 3", "variant", r"'A\x00'", "letters, digits"]),
    (csv_text([GOOD, ",,,,,,,"]), ["line 3", "minute", "''", "such as 2026-03-02T10:39Z"]),
    (csv_text([GOOD, ROW[:-4]]), ["line 3 has 7 cells", "8 columns"]),
    (
        csv_text([GOOD, ROW.replace("2026", "1990")]),
        [
            "line 2, column minute: 2026-03-02T00:00Z",
            "13149 days after 1990-03-02T00:00Z in line 3",
            "366 at most",
        ],
    ),
    (
        csv_text([GOOD, ROW.replace("2026", "9999"), GOOD]),
        ["line 3, column minute: 9999-03-02T00:00Z", "after 2026-03-02T00:00Z in line 4", "366 at most"],
    ),
    (csv_text([GOOD, "x"]), ["line 3 has 1 cell; the header has 8 columns"]),
    ("\ufeff\ufeff" + csv_text([GOOD, ROW]), ["line 1, column 1: '\\ufeffminute' is not known"]),
    (csv_text([GOOD, ROW]).encode("utf-16"), ["line 1", "character 1", "byte 0xff", "UTF-8"]),
    (
        csv_text([GOOD, ROW]).encode() + b"2026-03-02T10:39Z,\xe9",
        ["line 4", "character 19", "byte 0xe9", "UTF-8"],
    ),
    (
        csv_text([f"{minute(0)},V{place},50,100,1,5,10,100" for place in range(11)]),
        ["line 12, column variant: V10 is number 11 of 11", "2 to 10"],
    ),
]
