"""docs/installation.md: its commands work, and what it says of the chart is so."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import botocore.session
import pytest
import yaml
from botocore import xform_name

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "installation.md").read_text()
IAM = ROOT / "manifests" / "iam"
PROVIDER = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"
CLUSTER_WIDE = {
    *("ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
}
OF_EVERY_COMMAND = {"query", "output", "region"}


def commands(beginning):
    """The page's commands that begin so, continuation lines joined."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.removeprefix("$ ").startswith(beginning)]


def aws_commands():
    """Each call of the AWS CLI, also one within `name=$(…)`."""
    assigned = [re.search(r"\$\((aws .*)\)$", line) for line in commands(("account=", "issuer="))]
    return [*commands("aws "), *(found[1] for found in assigned if found)]


@pytest.mark.parametrize("command", aws_commands())
def test_every_aws_command_is_an_operation_with_parameters_that_it_has(command):
    words = shlex.split(command.replace("<", "").replace(">", ""))
    service, operation, *options = words[1:]
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    members = {xform_name(member, "-"): member for member in shape.members}
    given = {option.removeprefix("--") for option in options if option.startswith("--")} - OF_EVERY_COMMAND
    assert given <= members.keys()
    assert {members[name] for name in given} >= set(shape.required_members)


def test_the_files_that_aws_commands_read_are_there_or_made_before():
    read = {found for command in aws_commands() for found in re.findall(r"file://(\S+)", command)}
    made = set(re.findall(r" > (\S+)$", "\n".join(commands("sed ")), re.MULTILINE))
    assert {path for path in read if not (ROOT / path).exists()} == made == {"policy.json", "trust.json"}


@pytest.fixture(scope="module")
def service_account(default_objects):
    (found,) = (each for each in default_objects if each["kind"] == "ServiceAccount")
    return found["metadata"]["namespace"], found["metadata"]["name"]


def test_pod_identity_is_trusted_for_the_charts_service_account_only(service_account):
    (statement,) = json.loads((IAM / "trust-pod-identity.json").read_text())["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    tags = statement["Condition"]["StringEquals"]
    keys = ("aws:RequestTag/kubernetes-namespace", "aws:RequestTag/kubernetes-service-account")
    assert tuple(tags[key] for key in keys) == service_account
    assert len(tags) == len(keys)


def test_the_association_is_made_for_the_charts_service_account(service_account):
    (command,) = commands("aws eks create-pod-identity-association")
    words = shlex.split(command.replace("<", "").replace(">", ""))
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert (given["--namespace"], given["--service-account"]) == service_account


def test_the_command_for_irsa_makes_a_policy_that_trusts_the_charts_service_account_only(service_account):
    (command,) = [line for line in commands("sed ") if "trust-irsa" in line]
    script = f"account=123456789012; issuer=https://{PROVIDER}; {command.partition(' > ')[0]}"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, check=True, capture_output=True, timeout=10)
    (statement,) = json.loads(done.stdout)["Statement"]
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{PROVIDER}"}
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    namespace, name = service_account
    assert statement["Condition"] == {
        "StringEquals": {
            f"{PROVIDER}:aud": "sts.amazonaws.com",
            f"{PROVIDER}:sub": f"system:serviceaccount:{namespace}:{name}",
        }
    }


def test_the_helm_command_with_the_flag_for_irsa_installs_with_a_role(helm, chart):
    (install,) = commands("helm install")
    (flag,) = re.findall(r"^ +(--set 'serviceAccount.*')$", PAGE, re.MULTILINE)
    words = shlex.split(f"{install} {flag}".replace("<", "").replace(">", ""))
    rendered = [
        "template" if word == "install" else word for word in words[1:] if word != "--create-namespace"
    ]
    done = helm(*(chart if word == "./helm" else word for word in rendered))
    assert done.returncode == 0, done.stderr
    (account,) = (each for each in yaml.safe_load_all(done.stdout) if each["kind"] == "ServiceAccount")
    role = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert role == "arn:aws:iam::account:role/sagemaker-ab-operator"


def test_the_kustomize_commands_apply_the_copy_that_the_page_makes(binaries, offline_environment, tmp_path):
    for directory in ("manifests", "crds"):
        shutil.copytree(ROOT / directory, tmp_path / directory)
    (copy,) = commands("cp -r ")
    subprocess.run(shlex.split(copy), cwd=tmp_path, check=True, timeout=10)
    applied = [line.split("--kustomize ")[1] for line in commands("kubectl apply") if "--kustomize" in line]
    assert applied == ["crds", copy.split()[-1]]
    for directory in applied:
        done = subprocess.run(
            [binaries.kubectl, "kustomize", directory],
            cwd=tmp_path,
            env=offline_environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr


def cluster_wide(manifests):
    """Kind and name of what is in no namespace; a binding belongs to the role of its name."""
    found = {(each["kind"], each["metadata"]["name"]) for each in manifests if each["kind"] in CLUSTER_WIDE}
    return {(kind.removesuffix("Binding"), name) for kind, name in found}


def listed():
    """What the page says is cluster-wide though namespaces are watched, and the flag that leaves it out."""
    rows = re.findall(
        r"^\| (ClusterRole|Custom\w+|Validating\w+) `([\w.-]+)`.*\| `--set ([\w.]+)=", PAGE, re.MULTILINE
    )
    return {(kind, name): flag for kind, name, flag in rows}


def test_the_page_lists_what_is_cluster_wide_though_namespaces_are_watched(render):
    assert listed().keys() == cluster_wide(render(watchNamespaces=["team-a", "team-b"]))


@pytest.mark.parametrize("listed_object", listed())
def test_the_flag_that_the_page_names_leaves_the_object_out(render, listed_object):
    group, member = listed()[listed_object].split(".")
    value = "a-cluster" if member == "clusterId" else False
    rendered = render(watchNamespaces=["team-a"], **{group: {member: value}})
    assert listed_object not in cluster_wide(rendered)
