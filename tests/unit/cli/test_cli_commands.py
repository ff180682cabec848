"""The commands from argument to output, with clients that are faked or stubbed."""

import io
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import yaml
from botocore.response import StreamingBody
from click.testing import CliRunner

from sagemaker_ab.cli.main import commands, program_name
from sagemaker_ab.kube.client import KubernetesError, NotFound

ANSWERS = b'{"predicted_label": 1, "probability": 0.96}\n{"predicted_label": -1, "probability": 0.77}'


@pytest.fixture
def run(clients):
    def invoke(*arguments, given=None):
        return CliRunner(env={"COLUMNS": "110"}).invoke(commands, arguments, obj=clients, input=given)

    return invoke


@pytest.fixture
def inputs(tmp_path):
    path = tmp_path / "inputs.jsonl"
    path.write_text('{"features": ["I love this product!"]}\n{"features": ["Not the right product."]}\n')
    return path


def answers(aws, *, times=1, variant="VariantB", target=None):
    """Let the endpoint answer `times`, and check what it is asked."""
    for _ in range(times):
        body = StreamingBody(io.BytesIO(ANSWERS), len(ANSWERS))
        expected = {
            "EndpointName": "reviews-prod",
            "Body": b'{"features": ["I love this product!"]}\n{"features": ["Not the right product."]}',
            "ContentType": "application/jsonlines",
            "Accept": "application/jsonlines",
        } | ({"TargetVariant": target} if target else {})
        aws.runtime.add_response(
            "invoke_endpoint", {"Body": body, "InvokedProductionVariant": variant}, expected
        )


def test_predict_shows_each_answer_and_who_gave_it(run, aws, inputs):
    answers(aws)

    result = run("predict", "reviews", "-f", str(inputs))

    assert result.output == (
        "INPUT                   PREDICTED_LABEL  PROBABILITY  VARIANT \n"
        "I love this product!    1                0.96         VariantB\n"
        "Not the right product.  -1               0.77         VariantB\n"
    )
    assert aws.asked_regions == ["us-east-1"]


def test_predict_reads_standard_input_and_writes_json_lines(run, aws, inputs):
    answers(aws, variant="VariantA", target="VariantA")

    result = run(
        "predict", "reviews", "-f", "-", "--variant", "VariantA", "-o", "json", given=inputs.read_text()
    )

    assert json.loads(result.stdout.splitlines()[0]) == {
        "input": {"features": ["I love this product!"]},
        "answer": {"predicted_label": 1, "probability": 0.96},
        "variant": "VariantA",
    }


def test_a_variant_that_is_not_there_is_named_with_those_that_are(run, inputs):
    result = run("predict", "reviews", "-f", str(inputs), "--variant", "VariantC")

    assert (result.exit_code, result.stderr) == (
        1,
        "Error: reviews has no variant 'VariantC'; it has VariantA, VariantB\n",
    )


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (
            "ValidationError",
            "Endpoint reviews-prod of account 123456789012 not found.",
            (
                "Error: AWS: Endpoint reviews-prod of account 123456789012 not found (ValidationError); "
                "run the command get to see the state of the endpoint\n"
            ),
        ),
        (
            "AccessDeniedException",
            "User: x is not authorized",
            (
                "Error: AWS: User: x is not authorized (AccessDeniedException); "
                "this command uses your AWS credentials, not the operator's; "
                "check them and their permissions\n"
            ),
        ),
        (
            "ModelError",
            "Received server error (500).",
            "Error: AWS: Received server error (500) (ModelError)\n",
        ),
        ("ServiceUnavailable", "Busy.", "Error: AWS: Busy (ServiceUnavailable); try again\n"),
    ],
)
def test_aws_refusals_come_in_one_line_with_the_next_step(run, aws, inputs, *, code, message, told):
    aws.runtime.add_client_error("invoke_endpoint", code, message)

    result = run("predict", "reviews", "-f", str(inputs))

    assert (result.exit_code, result.stderr) == (1, told)


def test_load_counts_answers_and_shares_by_variant(run, aws, inputs):
    answers(aws, times=3, variant="VariantA")
    answers(aws, times=1, variant="VariantB")

    result = run("load", "reviews", "-f", str(inputs), "--requests", "4")

    assert [line.split()[:4] for line in result.stdout.splitlines()[1:3]] == [
        ["VariantA", "3", "75.0%", "0"],
        ["VariantB", "1", "25.0%", "0"],
    ]
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("good", "bad", "flags", "exit_code"),
    [(1, 1, [], 0), (1, 1, ["--fail-on-error"], 1), (2, 0, ["--fail-on-error"], 0), (0, 2, [], 1)],
)
def test_load_fails_when_all_fail_or_when_any_does_and_that_was_asked(
    run, aws, inputs, *, good, bad, flags, exit_code
):
    answers(aws, times=good)
    for _ in range(bad):
        aws.runtime.add_client_error("invoke_endpoint", "ModelError", "no")

    result = run("load", "reviews", "-f", str(inputs), "--requests", "2", "-o", "json", *flags)

    assert result.exit_code == exit_code
    assert json.loads(result.stdout)["failures"] == bad


def test_ctrl_c_ends_a_load_with_the_sum_of_what_has_come(clients, inputs):
    class Runtime:
        asked = 0

        def invoke_endpoint(self, **_request):
            self.asked += 1
            if self.asked == 3:
                raise KeyboardInterrupt
            body = SimpleNamespace(read=lambda: ANSWERS)
            return {"InvokedProductionVariant": "VariantA", "Body": body}

    interrupted = replace(clients, aws=lambda _region: SimpleNamespace(runtime=Runtime()))

    result = CliRunner().invoke(commands, ["load", "reviews", "-f", str(inputs)], obj=interrupted)

    assert result.stderr.strip() == "Interrupted; the summary covers the requests that finished before."
    assert result.stdout.splitlines()[1].split()[:2] == ["VariantA", "2"]


def test_metrics_charts_all_variants_from_one_call(run, aws):
    describe(aws)
    metric_data(aws)

    result = run("metrics", "reviews", "--minutes", "10")

    assert result.exit_code == 0, result.output
    for metric in ("CPUUtilization", "Invocations", "InvocationsPerInstance", "ModelLatency"):
        assert metric in result.stdout
    assert "VariantA  last 24 · mean 24 · max 24" in result.stdout
    aws.cloudwatch.assert_no_pending_responses()


def describe(aws):
    at = aws.clients.clock.now()
    aws.sagemaker.add_response(
        "describe_endpoint",
        {
            "EndpointName": "reviews-prod",
            "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews-prod",
            "EndpointStatus": "InService",
            "CreationTime": at,
            "LastModifiedTime": at,
        },
        {"EndpointName": "reviews-prod"},
    )


def metric_data(aws):
    at = datetime.now(UTC) - timedelta(minutes=5)
    aws.cloudwatch.add_response(
        "get_metric_data",
        {
            "MetricDataResults": [
                {
                    "Id": f"chart{chart}variant{variant}",
                    "Timestamps": [at],
                    "Values": [24000 if chart == 3 else 24],
                    "StatusCode": "Complete",
                }
                for chart in range(4)
                for variant in range(2)
            ]
        },
    )


def test_plot_writes_a_picture_and_names_it(run, aws, tmp_path):
    describe(aws)
    metric_data(aws)
    picture = tmp_path / "reviews.png"

    result = run("metrics", "reviews", "--plot", str(picture))

    assert result.stdout.endswith(f"Charts saved to {picture}\n")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_plot_to_a_place_that_is_not_there_says_so(run, aws, tmp_path):
    describe(aws)
    metric_data(aws)

    result = run("metrics", "reviews", "--plot", str(tmp_path / "nowhere" / "reviews.png"))

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: the charts could not be saved to {tmp_path}/nowhere/reviews.png")


def test_plot_in_no_known_format_is_refused_before_anybody_is_asked(run):
    result = run("metrics", "reviews", "--plot", "reviews.bmp")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "'reviews.bmp' should end in .png, .svg or .pdf" in result.stderr


def test_plot_without_matplotlib_says_what_to_install(run, aws, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "sagemaker_ab.cli.views.plot", raising=False)
    describe(aws)
    metric_data(aws)

    result = run("metrics", "reviews", "--plot", str(tmp_path / "reviews.png"))

    assert (result.exit_code, result.stderr) == (
        1,
        "Error: --plot needs matplotlib, which is not installed; run pip install matplotlib\n",
    )


def test_get_lists_the_namespace_of_the_context(run):
    lines = run("get").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["NAME", "reviews"]


def test_get_lists_all_namespaces(run, shifting):
    shifting["metadata"]["namespace"] = "elsewhere"

    assert run("get").stdout == "No SageMakerABEndpoint in namespace ml.\n"
    assert run("get", "-A").stdout.splitlines()[1].split()[:2] == ["elsewhere", "reviews"]


def test_get_with_a_name_draws_a_tree(run):
    assert run("get", "reviews").stdout.startswith("SageMakerABEndpoint ml/reviews")


def test_get_writes_what_the_api_server_holds_without_managed_fields(run, shifting):
    del shifting["metadata"]["managedFields"]

    assert json.loads(run("get", "reviews", "-o", "json").stdout) == shifting
    assert yaml.safe_load(run("get", "reviews", "-o", "yaml").stdout) == shifting
    assert json.loads(run("get", "-o", "json").stdout)["items"] == [shifting]
    assert run("get", "-o", "name").stdout == "sagemakerabendpoint.sagemaker-ab.dev/reviews\n"


def test_get_watch_shows_the_shift_and_ends_when_the_resource_is_gone(run, kubernetes, shifting, fake_time):
    def shift():
        fake_time.on_sleep = kubernetes.objects.clear
        kubernetes.objects[0] = json.loads(
            json.dumps(shifting).replace('"currentWeight": "50"', '"currentWeight": "9"')
        )
        kubernetes.objects[0]["status"]["variants"][0]["currentWeight"] = "1"

    fake_time.on_sleep = shift

    result = run("get", "reviews", "--watch")

    shares = [
        line.split()[3:6]
        for line in result.stdout.splitlines()
        if "VariantA  ━" in line or "VariantA  ─" in line
    ]
    assert shares[:2] == [["50%", "→", "0%"], ["10%", "→", "0%"]]
    assert result.stdout.endswith("The resource was deleted.\n")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["get", "reviews", "-A"], "NAME and --all-namespaces exclude each other"),
        (
            ["get", "--watch", "-o", "json"],
            "--watch and -o json exclude each other; use kubectl get smab --watch -o json",
        ),
        (["get", "--timeout", "5s"], "--timeout requires --watch"),
        (["get", "-w", "--timeout", "soon"], "'soon' is not a duration; write 30, 30s, 5m or 1h"),
        (["load", "reviews", "-f", "-", "--requests", "0"], "0 is not in the range 1<=x<=100000"),
        (["predict", "reviews"], "Missing option '-f'"),
        (["predict", "reviews", "-f", "missing.jsonl"], "'missing.jsonl': No such file or directory"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_allowed(run, arguments, told):
    result = run(*arguments)

    assert result.exit_code == 2
    assert told in result.stderr


def test_a_resource_that_is_not_there_is_named_with_its_namespace(run):
    result = run("get", "views", "-n", "web")

    assert (result.exit_code, result.stderr) == (
        1,
        "Error: there is no sagemakerabendpoint 'views' in namespace 'web'; list all with get -A\n",
    )


def test_a_cluster_without_the_crd_is_told_apart_from_a_missing_resource(run, kubernetes):
    kubernetes.refuses = NotFound("404 Not Found: 404 page not found\n")

    for arguments in (["get"], ["get", "reviews"]):
        assert "install the operator or its CRD first" in run(*arguments).stderr


def test_an_api_server_that_refuses_is_quoted(run, kubernetes):
    kubernetes.refuses = KubernetesError("403 Forbidden: no")

    assert (
        run("get").stderr
        == "Error: the API server: 403 Forbidden: no; check --context and your permissions in the cluster\n"
    )


def test_bad_input_is_an_error_in_one_line(run):
    result = run("predict", "reviews", "-f", "-", given="I love it\n")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: <stdin>, line 1, column 1 is not JSON")


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("/usr/local/bin/kubectl-sagemaker_ab", "kubectl sagemaker-ab"),
        ("/usr/local/bin/sagemaker-ab", "sagemaker-ab"),
    ],
)
def test_usage_shows_the_command_as_it_was_typed(argument, name):
    assert program_name(argument) == name
