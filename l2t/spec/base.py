"""The base of every settings model: frozen, strict about unknown keys, documented by the line under a field."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen settings model. The docstring under a field is its help text, its documentation and the form's hint."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but what the model remembers of itself (its id, say) is not copied along."""
        copied = super().model_copy(update=update, deep=deep)
        for name in vars(copied).keys() - type(self).model_fields.keys():
            del vars(copied)[name]
        return copied


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def canonical(plain: Any) -> str:
    """Canonical JSON of plain values: sorted keys, shortest floats."""
    return _ENCODER.encode(plain)


def content_hash(identity: Any) -> str:
    """16 hexadecimal digits (64 bits of SHA-256) of the canonical JSON of `identity`."""
    return text_hash(canonical(identity))


def text_hash(text: str) -> str:
    """16 hexadecimal digits (64 bits of SHA-256) of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
