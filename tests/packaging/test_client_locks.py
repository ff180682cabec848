"""What strangers' clients are made of is pinned and hashed, and comes from wherever its installer says."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "tests" / "clients"
PYTHON_LOCKS = sorted(str(path.relative_to(CLIENTS)) for path in CLIENTS.glob("*/*.txt"))
OTHER_LOCKS = ["go/go.mod", "go/go.sum", "javascript/package.json", "javascript/package-lock.json"]


def entries(lock):
    """The requirements of a lock, each with its lines of hashes."""
    joined = (CLIENTS / lock).read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


def pinned(text, name):
    return re.search(rf"^{name}==(\S+)", text, re.MULTILINE)[1]


def test_every_python_client_has_its_lock():
    assert PYTHON_LOCKS == [
        "awscli/requirements.txt",
        "boto3/newest.txt",
        "boto3/oldest.txt",
        "javascript/node.txt",
        "sagemaker_sdk/requirements.txt",
    ]


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_every_python_package_is_pinned_by_version_and_hash(lock):
    for entry in entries(lock):
        assert "==" in entry, entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", [*PYTHON_LOCKS, *OTHER_LOCKS])
def test_no_lock_says_where_from(lock):
    text = (CLIENTS / lock).read_text()

    assert "://" not in text
    assert "resolved" not in text
    assert [line for line in text.splitlines() if line.startswith("-")] == []


def test_every_javascript_package_is_pinned_by_version_and_hash():
    packages = json.loads((CLIENTS / "javascript" / "package-lock.json").read_text())["packages"]
    packages.pop("")

    assert packages
    for name, package in packages.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"]), name
        assert package["integrity"].startswith("sha512-"), name


def test_every_go_module_is_pinned_by_version_and_hash():
    required = re.findall(r"^\t(\S+) (v\S+)", (CLIENTS / "go" / "go.mod").read_text(), re.MULTILINE)
    hashed = re.findall(r"^(\S+) (v\S+) h1:\S+=$", (CLIENTS / "go" / "go.sum").read_text(), re.MULTILINE)

    assert required
    assert set(required) <= set(hashed)


def test_the_oldest_boto3_is_the_oldest_that_the_operator_supports():
    oldest = pinned((CLIENTS / "boto3" / "oldest.txt").read_text(), "boto3")

    assert oldest == pinned((ROOT / "requirements" / "minimum.txt").read_text(), "boto3")


def test_the_command_line_and_the_python_sdk_are_of_the_majors_that_are_promised():
    assert pinned((CLIENTS / "awscli" / "requirements.txt").read_text(), "awscli").startswith("1.")
    assert pinned((CLIENTS / "sagemaker_sdk" / "requirements.txt").read_text(), "sagemaker").startswith("2.")
