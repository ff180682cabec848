"""`sagemaker-ab plan-test`, by what a person types and sees."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from sagemaker_ab.cli.main import commands

COMMAND = Path(sys.executable).with_name("sagemaker-ab")


def plan(*options):
    return CliRunner().invoke(commands, ["plan-test", *options])


def test_a_plan_tells_half_and_most_beside_the_fixed_number_and_is_seeded():
    options = ("--rate", "0.05", "--effect", "20%", "--requests-per-minute", "100", "-o", "json")
    told = json.loads(plan(*options).stdout)
    assert told["fixed"]["minutes"] == pytest.approx(163, rel=0.02)
    assert told["fixed"]["minutes"] < told["half"]["minutes"] < told["most"]["minutes"]
    assert told["most"]["requests"] == told["most"]["minutes"] * 100
    assert json.loads(plan(*options).stdout) == told


def test_a_plan_reads_as_a_table():
    told = plan(
        "--rate", "0.01", "--effect", "100%", "--requests-per-minute", "100", "--allocation", "90,10"
    ).stdout
    assert "fixed number, looked at once" in told
    assert "80% of the time" in told


def test_a_plan_goes_by_its_policy_but_for_what_is_given(tmp_path):
    shares = [{"variant": "B", "percent": 20}, {"variant": "A", "percent": 80}]
    rates = {"falseWinner": "0.01", "power": "0.9"}
    test = {"baseline": "A", "hypothesis": {"metric": "Successes"}, "allocation": shares, "errorRates": rates}
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump({"traffic": {"strategy": "ABTest", "abTest": test}}))
    options = ("--rate", "0.1", "--effect", "50%", "--requests-per-minute", "100", "-o", "json")
    told = json.loads(plan(*options, "--policy", str(file)).stdout)
    assert (told["power"], told["falseWinner"], told["allocation"]) == (0.9, 0.01, [80, 20])
    given = ("--power", "0.5", "--variants", "4")
    told = json.loads(plan(*options, "--policy", str(file), *given).stdout)
    assert (told["power"], told["falseWinner"], told["allocation"]) == (0.5, 0.01, [25] * 4)


def test_a_plan_of_another_strategy_is_refused_with_the_name_of_its_file(tmp_path):
    bandit = {"strategy": "Bandit", "bandit": {"metric": "Successes"}}
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump({"traffic": bandit}))
    done = plan("--rate", "0.1", "--effect", "50%", "--requests-per-minute", "100", "--policy", str(file))
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{file}: traffic.strategy: Bandit should be ABTest" in done.stderr


@pytest.mark.parametrize(
    ("option", "given", "allowed"),
    [
        ("--rate", "nan", "from 1e-06 to 1"),
        ("--rate", "1e-300", "1e-06<=x<1"),
        ("--rate", "inf", "1e-06<=x<1"),
        ("--requests-per-minute", "nan", "from 0.1 to 1000000"),
        ("--requests-per-minute", "inf", "0.1<=x<=1000000"),
        ("--power", "nan", "from 0.5 to 0.99"),
        ("--power", "inf", "0.5<=x<=0.99"),
        ("--effect", "nan%", "from 0.01% to 10000% or from -99.99% to -0.01%"),
        ("--effect", "0." + "0" * 200 + "1%", "from 0.01% to 10000%"),
    ],
)
def test_what_is_no_number_of_the_range_is_refused_at_its_option(option, given, allowed):
    options = {"--rate": "0.1", "--effect": "10%", "--requests-per-minute": "100"} | {option: given}
    done = plan(*(word for pair in options.items() for word in pair))
    assert done.exit_code == 2
    assert f"Invalid value for '{option}': " in done.stderr
    assert given in done.stderr
    assert allowed in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--effect", "10"), "'10' should be a percentage such as 10%, from 0.01% to 10000%"),
        (("--effect", "0%"), "'0%' should be a percentage"),
        (
            ("--effect", "10%", "--allocation", "50,40"),
            "'50,40' should be percents of at least 1 that sum to 100",
        ),
        (("--effect", "10%", "--variants", "3", "--allocation", "50,50"), "has 2 percents; --variants is 3"),
        (("--effect", "2000%"), "must be below 1"),
        (("--effect", "0.01%"), "even a fixed number would take"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(options, words):
    done = plan("--rate", "0.05", "--requests-per-minute", "100", *options)
    assert done.exit_code in {1, 2}
    assert words in done.stderr


def test_where_nothing_more_fits_it_ends_in_one_line():
    options = ("--rate", "0.1", "--effect", "50%", "--requests-per-minute", "100")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "plan-test", *options], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "Error: standard output: No space left on device\n")
