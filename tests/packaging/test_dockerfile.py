"""Facts about the Dockerfile that can be read without building it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sagemaker_ab import __version__

ROOT = Path(__file__).parents[2]


def instructions():
    """Each instruction with its argument, continuation lines joined, comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line]


def stages():
    """The instructions of each stage, from its FROM on; what stands before the first FROM is left out."""
    found = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


BUILDER, FINAL = stages()


def arguments(stage, name):
    return [argument for found, argument in stage if found == name]


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--failure-threshold", "style", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_both_stages_start_from_the_one_base_image_that_an_argument_names():
    assert instructions()[0][0] == "ARG"
    assert instructions()[0][1].startswith("PYTHON_IMAGE=")
    assert [stage[0][1].split()[0] for stage in (BUILDER, FINAL)] == ["${PYTHON_IMAGE}"] * 2


def test_only_the_package_its_locks_and_its_metadata_enter_the_build():
    sources = {source for argument in arguments(BUILDER, "COPY") for source in argument.split()[:-1]}
    assert sources == {
        "requirements/build.txt",
        "requirements/runtime.txt",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "operator/",
    }


def test_the_build_context_holds_what_is_copied_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    sources = {source for argument in arguments(BUILDER, "COPY") for source in argument.split()[:-1]}
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == {
        source.rstrip("/") for source in sources
    }


def test_only_the_virtual_environment_enters_the_image():
    assert arguments(FINAL, "COPY") == ["--from=builder /opt/operator /opt/operator"]
    assert arguments(FINAL, "ADD") == []


def test_every_installation_is_from_hashes_or_without_an_index():
    (first, second) = (run for run in arguments(BUILDER, "RUN") if "install" in run)
    assert first.count(" install ") == first.count("--require-hashes") == 2
    assert second.count(" install ") == second.count("--no-index") == 1
    assert "pip" not in " ".join(arguments(FINAL, "RUN"))


def test_the_user_is_a_number_and_has_a_name():
    """`runAsNonRoot` can judge only a number; kopf looks the name up."""
    assert arguments(FINAL, "USER") == ["65532:65532"]
    (run,) = arguments(FINAL, "RUN")
    assert re.search(r"'\w+:x:65532:65532:[^']*' >> /etc/passwd", run)


def test_another_user_has_a_name_too():
    """A cluster may give the pod a number that /etc/passwd does not have; the name is then the variable's."""
    (environment,) = arguments(FINAL, "ENV")
    assert "LOGNAME=operator" in environment


def test_python_imports_nothing_from_the_working_directory_and_writes_no_bytecode():
    (environment,) = arguments(FINAL, "ENV")
    assert "PYTHONSAFEPATH=1" in environment
    assert "PYTHONDONTWRITEBYTECODE=1" in environment


def test_without_a_manifest_it_starts_as_the_chart_starts_it(default_objects):
    (deployment,) = (m for m in default_objects if m["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (entrypoint,) = arguments(FINAL, "ENTRYPOINT")
    (command,) = arguments(FINAL, "CMD")
    assert json.loads(entrypoint) == container["command"]
    assert json.loads(command) == [arg for arg in container["args"] if not arg.startswith("--log-format")]


@pytest.mark.parametrize("label", ["title", "description", "licenses", "version", "revision"])
def test_the_image_says_what_it_is(label):
    (labels,) = arguments(FINAL, "LABEL")
    assert f"org.opencontainers.image.{label}=" in labels


def test_the_image_is_labelled_with_the_packages_version():
    assert f"VERSION={__version__}" in arguments(FINAL, "ARG")
