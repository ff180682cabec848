"""Python and the API server are of one mind: what one accepts the other accepts, valid specs and spoilt ones.

Not compared: integers written as 50.0, for which JSON has no other word than for 50; kubectl sends 50.
"""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kubernetes.client import ApiException, CustomObjectsApi
from kubernetes.config import new_client_from_config

from hack import crd
from sagemaker_ab.api.resource import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    InvalidSpec,
    parse_resource_file,
)
from sagemaker_ab.api.traffic_rules import VARIANTS_OF_STEPPED
from sandbox.cluster.cluster import Cluster
from tests.property.policy_specs import stepped_policies
from tests.property.scaling_specs import COUNTS, autoscalings, text
from tests.property.spoiling import ODD_POLICY_VALUES, ODD_VALUES, POLICY_FIELDS, SPEC_FIELDS, spoilt

NAMES = text("[a-zA-Z0-9](-?[a-zA-Z0-9]){0,9}")
FRAMEWORKS = st.fixed_dictionaries(
    {
        "name": st.just("pytorch"),
        "version": text(r"[0-9]{1,2}(\.[0-9])?"),
        "pythonVersion": text("py[0-9]{1,3}"),
    }
)
IMAGES = st.one_of(
    st.fixed_dictionaries({"framework": FRAMEWORKS}),
    st.fixed_dictionaries({"image": text("[!-~]{1,40}")}),
    st.fixed_dictionaries({"modelPackageName": NAMES}),
)
ARTEFACTS = st.fixed_dictionaries(
    {},
    optional={
        "modelDataUrl": text("(https|s3)://[a-z]{1,9}(/[a-z.]{0,9})?"),
        "environment": st.dictionaries(text("[A-Za-z_][A-Za-z0-9_]{0,9}"), text("[ -~]{0,9}"), max_size=2),
    },
)
CONTAINERS = st.builds(dict.__or__, IMAGES, ARTEFACTS)
SERVED: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"primaryContainer": CONTAINERS}, optional={"revision": text("[ -~]{1,9}")}),
    st.fixed_dictionaries({"containers": st.lists(CONTAINERS, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"existingModelName": NAMES}),
)
SETTINGS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"endpointName": NAMES, "executionRoleArn": text("arn:aws(-cn)?:iam::[0-9]{12}:role/[a-z/]{1,9}")},
    optional={
        "region": st.sampled_from(["us-east-1", "us-gov-west-1", "cn-north-1"]),
        "monitoring": st.fixed_dictionaries({"intervalSeconds": st.integers(1, 60).map(lambda n: n * 60)}),
        "deletionPolicy": st.sampled_from(["Delete", "Retain"]),
        "tags": st.lists(
            st.fixed_dictionaries(
                {"key": text("k[a-zé _.:/=+@-]{0,9}"), "value": text("[a-zé _.:/=+@-]{0,9}")}
            ),
            max_size=2,
            unique_by=lambda tag: tag["key"],
        ),
    },
)


@st.composite
def traffics(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """The field `traffic` of a resource with these variants, or none."""
    if len(names) == VARIANTS_OF_STEPPED and draw(st.booleans()):
        return {"traffic": {"strategy": "Stepped", "stepped": draw(stepped_policies((names[0], names[1])))}}
    return draw(st.sampled_from([{}, {"traffic": {}}, {"traffic": {"strategy": "Manual"}}]))


@st.composite
def valid_specs(draw: st.DrawFn) -> dict[str, Any]:
    models = [
        {"name": name, **draw(SERVED)} for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    ]
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    traffic = draw(traffics(names))
    stepped = "stepped" in traffic.get("traffic", {})
    variants = [
        {
            "name": name,
            "model": draw(st.sampled_from(models))["name"],
            "instanceType": draw(text(r"ml\.(m5|g4dn|trn1)\.[a-z0-9-]{1,9}")),
            **({} if stepped else {"weight": draw(st.integers(1, 1_000_000))}),
            **draw(
                st.one_of(
                    st.fixed_dictionaries({"instanceCount": COUNTS}),
                    st.fixed_dictionaries({"autoscaling": autoscalings()}),
                )
            ),
        }
        for name in names
    ]
    return {**draw(SETTINGS), **traffic, "models": models, "variants": variants}


SMALLEST: dict[str, Any] = {
    "endpointName": "reviews",
    "models": [{"name": "a", "existingModelName": "a"}],
    "variants": [{"name": "A", "model": "a", "instanceType": "ml.m5.large", "instanceCount": 1, "weight": 1}],
}


@st.composite
def spoilt_specs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A valid spec spoilt in five ways, for a spec takes longer to draw than what spoils it."""
    spec = draw(valid_specs())
    values, fields = ODD_VALUES | ODD_POLICY_VALUES, (*SPEC_FIELDS, *POLICY_FIELDS)
    return [spoilt(deepcopy(spec), draw, values=values, fields=fields) for _ in range(5)]


@pytest.fixture(scope="module")
def server(control_plane: Cluster) -> CustomObjectsApi:
    control_plane.define(crd.FILE)
    return CustomObjectsApi(new_client_from_config(str(control_plane.kubeconfig)))


def refusal_by_server(server: CustomObjectsApi, resource: dict[str, Any]) -> str:
    try:
        server.create_namespaced_custom_object(
            GROUP, VERSION, "default", PLURAL, resource, dry_run="All", field_validation="Strict"
        )
    except ApiException as refused:
        if refused.status not in {400, 422}:
            raise
        return str(refused.body)
    return ""


def refusal_by_us(resource: dict[str, Any]) -> str:
    try:
        parse_resource_file(resource)
    except InvalidSpec as refused:
        return str(refused)
    return ""


def resource_of(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": "parity"}, "spec": spec}


@settings(max_examples=50, deadline=None)
@given(spec=valid_specs())
def test_both_accept_what_is_valid(server: CustomObjectsApi, spec: dict[str, Any]) -> None:
    assert refusal_by_us(resource_of(spec)) == ""
    assert refusal_by_server(server, resource_of(spec)) == ""


@settings(max_examples=60, deadline=None)
@given(specs=spoilt_specs())
def test_both_accept_or_both_refuse_what_is_spoilt(
    server: CustomObjectsApi, specs: list[dict[str, Any]]
) -> None:
    for spec in specs:
        ours, theirs = refusal_by_us(resource_of(spec)), refusal_by_server(server, resource_of(spec))
        assert bool(ours) == bool(theirs), f"we say: {ours or 'yes'}; the server says: {theirs or 'yes'}"


KELVIN = "\N{KELVIN SIGN}"


@pytest.mark.parametrize(
    ("key", "accepted"),
    [
        ("sagemaker-ab.dev/name", False),
        ("SageMaker-AB.dev/name", False),
        ("AwS:name", False),
        ("sagemaker-abxdev/name", True),
        ("team/sagemaker-ab.dev/name", True),
        # A letter that is not ASCII and whose lower case is "k".
        (f"sagema{KELVIN}er-ab.dev/name", True),
    ],
)
def test_both_reserve_the_prefixes_of_tag_keys_in_any_case(
    server: CustomObjectsApi, key: str, accepted: bool
) -> None:
    resource = resource_of({**SMALLEST, "tags": [{"key": key, "value": ""}]})
    assert (refusal_by_us(resource) == "", refusal_by_server(server, resource) == "") == (accepted, accepted)
