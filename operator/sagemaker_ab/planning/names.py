"""Names of SageMaker models and endpoint configs, derived from their content.

Models and endpoint configs are immutable, so their names end in a hash of their content. This makes creation
idempotent: after a crash between a call and its record, the next reconcile asks for the same name again.
Names have at most 63 characters and match `[a-zA-Z0-9](-*[a-zA-Z0-9])*`:
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
    """Return a hash of JSON-serializable content. The order of keys is ignored, that of lists is not."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_HASH_LENGTH]


def content_name(endpoint_name: str, *parts: str, content: Any) -> str:
    """Return a name of at most 63 characters: the joined parts, truncated if necessary, and a hash.

    The hash covers the content and the parts, because the joined and truncated parts of two endpoints can be
    equal.
    """
    readable = "-".join((endpoint_name, *parts))[:_LEFT_LENGTH].rstrip("-")
    return f"{readable}-{content_hash([endpoint_name, *parts, content])}"


def may_stem_from(name: str, endpoint_name: str) -> bool:
    """Return whether `content_name` could have made this name for this endpoint.

    A filter for listings. Only the owner tags of the object show who owns it.
    """
    readable = f"{endpoint_name}-"[:_LEFT_LENGTH].rstrip("-")
    following = name[len(readable) :]
    return name.startswith(readable) and following.startswith("-") and bool(_ENDS_IN_HASH.search(name))
