"""The base of every settings model: frozen, strict about unknown keys, documented by the line under a field."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen settings model. The docstring under a field is its help text, its documentation and the form's hint."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


def content_hash(identity: Any) -> str:
    """16 hexadecimal digits (64 bits of SHA-256) of the canonical JSON of `identity`: sorted keys, shortest floats."""
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
