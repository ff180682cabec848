"""Names from content.

SageMaker models and endpoint configs are immutable, so their names end in a hash of what they hold.
Creating is therefore idempotent, and a crash between the call and its record loses nothing. Names are at
most 63 characters of `[a-zA-Z0-9](-*[a-zA-Z0-9])*`:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

import hashlib
import json
import re
from typing import Any

_MAX_LENGTH = 63
_HASH_LENGTH = 10
_LEFT_LENGTH = _MAX_LENGTH - _HASH_LENGTH - 1
_ENDS_IN_HASH = re.compile(rf"-[0-9a-f]{{{_HASH_LENGTH}}}$")


def content_hash(content: Any) -> str:
    """Hash JSON-able content; the order of keys does not matter, the order of lists does."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_HASH_LENGTH]


def content_name(endpoint_name: str, *parts: str, content: Any) -> str:
    """Join readable parts, which alone are ever cut, and a hash of them and the content.

    The parts are hashed too, for joined or cut they may read like those of another endpoint.
    """
    readable = "-".join((endpoint_name, *parts))[:_LEFT_LENGTH].rstrip("-")
    return f"{readable}-{content_hash([endpoint_name, *parts, content])}"


def may_stem_from(name: str, endpoint_name: str) -> bool:
    """Tell whether a listed name can be one that `content_name` made for this endpoint; its tags decide."""
    readable = f"{endpoint_name}-"[:_LEFT_LENGTH].rstrip("-")
    following = name[len(readable) :]
    return name.startswith(readable) and following.startswith("-") and bool(_ENDS_IN_HASH.search(name))
