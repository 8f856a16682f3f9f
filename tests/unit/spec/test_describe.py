"""Settings in words."""

from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Lt, MinLen

from l2t.methods.registry import methods
from l2t.spec import DataSettings, Model, TrainSettings
from l2t.spec.describe import describe


class Example(Model):
    rate: Annotated[float, Gt(0), Lt(1)] = 0.5
    """How fast,
    in one line."""
    border: Annotated[int, Ge(0)] | None = None
    flip: bool = False
    parts: Annotated[tuple[Literal["what", "where"], ...], MinLen(1)] = ("what",)
    name: str


def test_types_bounds_defaults_and_help_come_from_the_fields() -> None:
    shown = {option.name: (option.type, option.default, option.help) for option in describe(Example)}
    assert shown["rate"] == ("number > 0 and < 1", 0.5, "How fast, in one line.")
    assert shown["border"] == ("whole number ≥ 0 | none", None, "")
    assert shown["flip"] == ("yes or no", False, "")
    assert shown["parts"] == ("list of what | where, at least 1", ["what"], "")
    assert shown["name"] == ("text", None, "")


def test_what_a_text_may_be_is_said_by_its_field() -> None:
    shown = {option.name: option.type for option in describe(methods.get("ufm"))}
    assert shown["pairs"] == "all | one-to-one | single | 2-0+2-1"


@pytest.mark.parametrize("model", [TrainSettings, DataSettings, *(config for _, config in methods.items())])
def test_every_setting_has_help_and_a_default(model: type[Model]) -> None:
    for option in describe(model):
        assert option.help, option.name
        assert "typing." not in option.type
        assert "PydanticUndefined" not in str(option.default)
