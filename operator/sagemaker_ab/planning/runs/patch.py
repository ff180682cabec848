"""The patch that makes a promotion permanent in the spec."""

import json
from collections.abc import Sequence

from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT


def winner_patch(variants: Sequence[str], winner: str) -> str:
    """Return a JSON patch that turns a finished run into the weights that it left.

    The strategy becomes Manual, and each variant gets the weight that serves, so the patch moves no weight.
    It tests the order of the variants first, because it addresses them by their index.
    Source: https://www.rfc-editor.org/rfc/rfc6902
    """
    tests = [
        {"op": "test", "path": f"/spec/variants/{index}/name", "value": name}
        for index, name in enumerate(variants)
    ]
    weights = [
        {
            "op": "add",
            "path": f"/spec/variants/{index}/weight",
            "value": ALL_TRAFFIC_PERCENT if name == winner else 0,
        }
        for index, name in enumerate(variants)
    ]
    strategy = {"op": "replace", "path": "/spec/traffic", "value": {"strategy": "Manual"}}
    return json.dumps([*tests, *weights, strategy], separators=(",", ":"))
