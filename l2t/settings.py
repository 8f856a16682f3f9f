"""`HOME/l2t.toml`: how this home is worked on. Environment variables stand above it, command-line options above both.

The webhook's address may hold credentials: no message or `repr` of these settings shows it.
"""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge
from pydantic import AfterValidator, BeforeValidator, ConfigDict, SecretStr, ValidationError

from l2t.errors import DataError, UsageError
from l2t.jobs.slots import SlotSettings
from l2t.jobs.webhook import Event, Webhook, read_address
from l2t.spec.base import Model
from l2t.spec.toml_lines import line_of
from l2t.spec.values import split

NAME = "l2t.toml"


def _texts(value: Any) -> Any:
    """GPUs may be written as numbers."""
    if not isinstance(value, list):
        return value
    return tuple(str(item) if type(item) is int else item for item in value)


def _an_address(url: SecretStr) -> SecretStr:
    try:
        read_address(url.get_secret_value())
    except UsageError as error:
        raise ValueError(str(error)) from None
    return url


class SupervisorSettings(Model):
    """[supervisor]"""

    cpu_slots: Annotated[int, Ge(0)] | None = None
    """Runs at a time on the CPU. Default: one a core."""
    gpus: Annotated[tuple[str, ...], BeforeValidator(_texts)] | None = None
    """GPUs by index (as nvidia-smi counts) or UUID. Default: all that are visible; an empty list: none."""
    slots_per_gpu: Annotated[int, Ge(1)] = 1
    """Runs at a time on each GPU."""
    min_free_memory_gb: Annotated[float, Ge(0)] = 2.0
    """GPU memory that must be free for each of them, GB."""


class WebhookSettings(Model):
    """[webhook]"""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: Annotated[SecretStr, AfterValidator(_an_address)] | None = None
    """Where events are posted as JSON, an http or https URL; it may hold credentials. Default: nowhere."""
    on: tuple[Event, ...] = tuple(Event)
    """Which events."""


class Settings(Model):
    """The file as a whole."""

    supervisor: SupervisorSettings = SupervisorSettings()
    """Device slots."""
    webhook: WebhookSettings = WebhookSettings()
    """Who is told."""

    def slots(
        self,
        cores: int,
        cpu: int | None = None,
        gpus: tuple[str, ...] | None = None,
        per_gpu: int | None = None,
        min_free_gb: float | None = None,
    ) -> SlotSettings:
        """The device slots that are asked for. cores: CPU slots where nobody says how many; the others: options of the
        command line, None where they are not given."""
        mine = self.supervisor
        gigabytes = mine.min_free_memory_gb if min_free_gb is None else min_free_gb
        if cpu is None:
            cpu = cores if mine.cpu_slots is None else mine.cpu_slots
        return SlotSettings(
            cpu=cpu,
            gpus=mine.gpus if gpus is None else gpus,
            per_gpu=per_gpu or mine.slots_per_gpu,
            min_free=round(gigabytes * 1e9),
        )


def read_gpus(text: str, option: str = "--gpus") -> tuple[str, ...]:
    """`0,2`, UUIDs, or `none`. Raises UsageError, which names the option, for an empty entry."""
    return () if text.strip().lower() == "none" else split(text, option)


ENVIRONMENT: Mapping[str, tuple[str, str, Callable[[str, str], Any]]] = {
    "L2T_CPU_SLOTS": ("supervisor", "cpu_slots", lambda text, name: int(text)),
    "L2T_GPUS": ("supervisor", "gpus", read_gpus),
    "L2T_SLOTS_PER_GPU": ("supervisor", "slots_per_gpu", lambda text, name: int(text)),
    "L2T_MIN_FREE_MEMORY_GB": ("supervisor", "min_free_memory_gb", lambda text, name: float(text)),
    "L2T_WEBHOOK": ("webhook", "url", lambda text, name: text),
    "L2T_WEBHOOK_ON": ("webhook", "on", split),
}
"""Variables that stand above the file: section, key and how the text is read. An empty one counts as not set."""


def read_settings(home: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a home. Raises UsageError that names the file, line and key, or the variable, of what is wrong;
    DataError where the file cannot be read."""
    tables = _tables(home / NAME)
    for name, (section, key, read) in ENVIRONMENT.items():
        text = environment.get(name, "")
        if not text:
            continue
        try:
            value = read(text, name)
        except ValueError:
            raise UsageError(f'{name}="{text}" is no number') from None
        try:
            _validate({section: {key: value}})
        except ValidationError as error:
            raise UsageError(f"{name}: {_message(error)[1]}") from None
        tables = tables | {section: tables.get(section, {}) | {key: value}}
    return _validate(tables)


def webhook_of(settings: Settings, log: Callable[[str], None]) -> Webhook | None:
    """What tells of events; None where nobody is to be told."""
    url = settings.webhook.url
    return None if url is None else Webhook(url.get_secret_value(), log, settings.webhook.on)


def _validate(tables: Mapping[str, Any]) -> Settings:
    # Strict, so that "5" is no count; as JSON, because a strict tuple takes a JSON array but no Python list.
    return Settings.model_validate_json(json.dumps(tables, default=str), strict=True)


def _tables(path: Path) -> dict[str, Any]:
    """The file's tables, each key and value sound; empty without a file."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise DataError(f"{path} cannot be read: {reason}") from None
    try:
        tables = tomllib.loads(text)
        _validate(tables)
    except ValidationError as error:
        place, message = _message(error)
        raise UsageError(f"{path}, line {line_of(text, place)}: {message}") from None
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply to be settings") from None
    except ValueError as error:  # syntax errors, and numbers of thousands of digits
        raise UsageError(f"{path}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    return tables


def _message(error: ValidationError) -> tuple[tuple[int | str, ...], str]:
    """Where the first mistake is, unknown keys before wrong values, and what it is, in words that quote no value."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    detail = min(details, key=lambda item: item["type"] != "extra_forbidden")
    place = tuple(part for part in detail["loc"] if isinstance(part, str))
    key = ".".join(place)
    if detail["type"] != "extra_forbidden":
        message = detail["msg"].removeprefix("Value error, ")
        return place, f"{key}: {message[:1].lower()}{message[1:]}"
    models: dict[str, type[Model]] = {"supervisor": SupervisorSettings, "webhook": WebhookSettings}
    known = list(models[place[0]].model_fields if len(place) > 1 else models)
    if not re.fullmatch(r"[\w.-]{1,64}", key):
        return place, f"a key that is none. Known are {', '.join(known)}"
    near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.5)
    return place, f"{key}: unknown key. " + (f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}")
