"""Clients are made with credentials or not at all; who has none yet is told so in our own words."""

import json
from types import SimpleNamespace

import pytest

from sagemaker_ab.aws.failures import AwsError, FailureKind
from sagemaker_ab.aws.sessions import AwsClients, AwsSession, NoRegion
from sandbox.aws.inprocess import InProcessAws

CREDENTIALS = {"Version": 1, "AccessKeyId": "AKIASANDBOX00000000", "SecretAccessKey": "sandbox"}


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """An environment with a region, from which no credentials come."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return tmp_path


@pytest.fixture
def handed_out(bare):
    """A file that credentials are fetched from when the first client is made, as EKS Pod Identity does."""
    (bare / "config").write_text(f"[default]\ncredential_process = cat {bare}/handed-out.json\n")
    return bare / "handed-out.json"


@pytest.fixture
def credentials(bare):
    (bare / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")


def refused(session):
    with pytest.raises(AwsError) as raised:
        session.clients()
    return raised.value.failure


def test_credentials_that_cannot_be_fetched_are_a_failure_that_passes(handed_out):
    session = AwsSession()
    failure = refused(session)
    assert (failure.kind, failure.code) == (FailureKind.NO_CREDENTIALS, "CredentialRetrievalError")

    handed_out.write_text(json.dumps(CREDENTIALS))
    assert session.clients().region == "us-east-1"


@pytest.mark.parametrize(
    ("address", "token_file", "cause"),
    [
        ("http://127.0.0.1:1/v1/credentials", "no-token", "No such file or directory"),
        ("http://example.org/credentials", "token", "Unsupported host 'example.org'"),
    ],
)
def test_a_token_or_an_address_that_is_none_is_such_a_failure_too(
    bare, monkeypatch, address, token_file, cause
):
    """What EKS Pod Identity sets: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html."""
    (bare / "token").write_text("a token")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(bare / token_file))

    failure = refused(AwsSession())
    assert failure.kind is FailureKind.NO_CREDENTIALS
    assert failure.message.startswith("Error when retrieving credentials from environment: ")
    assert cause in failure.message


def test_a_client_is_never_made_without_credentials_for_it_would_never_get_any(bare):
    session = AwsSession()
    failure = refused(session)
    assert (failure.kind, failure.message) == (FailureKind.NO_CREDENTIALS, "Unable to locate credentials")

    (bare / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    assert AwsSession().clients().region == "us-east-1"


@pytest.mark.usefixtures("bare")
def test_credentials_that_come_later_are_used(monkeypatch):
    session = AwsSession()
    refused(session)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")

    assert session.clients() is session.clients("us-east-1")


def test_every_region_has_a_clock_of_its_own(handed_out):
    handed_out.write_text(json.dumps(CREDENTIALS))
    session = AwsSession()
    here, there = session.clients("us-east-1"), session.clients("eu-west-1")
    _answer(here.sagemaker, "Thu, 01 Jan 2026 00:00:20 GMT")
    _answer(here.autoscaling, "Thu, 01 Jan 2026 00:00:20 GMT")
    _answer(there.sts, "Thu, 01 Jan 2026 00:00:05 GMT")

    assert here.clock.now() - there.clock.now() == 15


@pytest.mark.usefixtures("bare")
def test_without_a_region_there_are_no_clients(monkeypatch):
    monkeypatch.delenv("AWS_REGION")

    with pytest.raises(NoRegion):
        AwsSession().clients()


READS = ("sagemaker", "autoscaling", "cloudwatch", "sts")
WRITES = ("sagemaker_writes", "autoscaling_writes", "cloudwatch_writes")
INVOCATIONS = ("runtime",)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("names", "attempts", "read_timeout"), [(READS, 3, 10), (WRITES, 1, 60), (INVOCATIONS, 1, 70)]
)
def test_reads_are_repeated_and_writes_and_invocations_are_sent_once(names, attempts, read_timeout):
    clients = AwsClients.for_region("eu-west-1")

    for name in names:
        config = getattr(clients, name).meta.config
        assert config.retries["total_max_attempts"] == attempts
        assert (config.connect_timeout, config.read_timeout) == (5, read_timeout)


@pytest.mark.usefixtures("credentials")
def test_all_clients_call_the_region_that_was_asked_for_in_the_name_of_the_operator():
    clients = AwsClients.for_region("eu-west-1")

    assert clients.region == "eu-west-1"
    for name in (*READS, *WRITES, *INVOCATIONS):
        meta = getattr(clients, name).meta
        assert meta.region_name == "eu-west-1"
        assert meta.config.user_agent_extra == "sagemaker-ab-operator"


def test_the_account_is_asked_for_once():
    sim = InProcessAws(stale_reads=False, lost_answers=False)
    clients, session = SimpleNamespace(region="us-east-1", sts=sim.client("sts")), AwsSession()

    assert [session.account(clients) for _ in range(2)] == ["123456789012"] * 2
    assert [call["operation"] for call in sim.calls()] == ["GetCallerIdentity"]


def _answer(client, date):
    client.meta.events.emit("response-received", response_dict={"headers": {"Date": date}})
