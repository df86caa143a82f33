"""When two assessments are the same result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

# What made an assessment and how it was asked for: no part of what came of the answer.
_NO_RESULT: Final = frozenset({"provenance", "asked", "role", "request_id", "trace_id"})


def scores_sha256(assessment: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the result in an assessment, given as JSON values: equal results have equal hashes."""
    result = {key: value for key, value in assessment.items() if key not in _NO_RESULT}
    canonical = json.dumps(result, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", errors="surrogatepass")).hexdigest()
