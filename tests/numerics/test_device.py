"""No step of any method looks at a value: on the meta device there are none, and asking for one raises.

What holds there holds on a GPU: nothing in a step, in augmentation, evaluation or traces waits for the host.
"""

from dataclasses import replace

import pytest
import torch
from setups import make_setup
from torch import Tensor

from l2t.data.augment import augment, draw, normalise
from l2t.methods.method import Batch, Method
from l2t.methods.registry import methods
from l2t.registry import load_object
from l2t.streams import Streams
from l2t.train.evaluate import count_hits
from l2t.train.material import Labelled

META = torch.device("meta")

CASES = [(name, {}) for name in methods] + [
    ("l2twww", {"which_input": "gap", "softplus": "after", "scale": "mean-one"}),
    ("l2twww", {"which_input": "pool3", "virtual": "thesis", "statistics_updates": 2}),
]


@pytest.fixture(autouse=True)
def meta_has_no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: False)


def on_meta(name: str, options: dict[str, object]) -> Method:
    config = methods.get(name)(**options)
    setup = make_setup(config, name)
    made = {
        phase: {key: value.to(META) for key, value in weights.items()} for phase, weights in setup.artefacts.items()
    }
    moved = replace(
        setup,
        target=setup.target.to(META),
        source=setup.source and setup.source.to(META),
        probe=setup.probe.to(META),
        artefacts=made,
    )
    method: Method = load_object(config.implementation)(moved)
    return method


def images(count: int) -> tuple[Tensor, Tensor]:
    return torch.empty(count, 3, 16, 16, dtype=torch.uint8, device=META), torch.empty(
        count, dtype=torch.int64, device=META
    )


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_steps_evaluation_and_traces_never_read_a_value(name: str, options: dict[str, object]) -> None:
    method = on_meta(name, options)
    data, labels = images(20)
    draws = draw(20, 2, True, Streams(0).generator("augment", 0)).to(META)
    batch = Batch(normalise(augment(data, draws, 2)), labels)
    for _ in range(2):
        metrics = method.step(batch, 0.1)
    seen = metrics | method.drift() | {"hits": count_hits(method.logits, Labelled(data, labels))}
    assert all(value.device == META and not value.ndim for value in seen.values())
    with pytest.raises(RuntimeError):
        metrics["loss"].item()


@pytest.mark.parametrize("name", ["l2tww", "l2twww"])
def test_a_restored_optimiser_counts_its_steps_on_the_host(name: str) -> None:
    """Adam reads its step count in every step; on the device each read would wait for all that is queued."""
    method = on_meta(name, {})
    data, labels = images(20)
    batch = Batch(normalise(data), labels)
    method.step(batch, 0.1)
    state = method.state_dict()
    state["adam"]["state"] = {
        index: {key: value.clone() for key, value in entry.items()} for index, entry in state["adam"]["state"].items()
    }
    again = on_meta(name, {})
    again.load_state_dict(state)
    again.step(batch, 0.1)
    assert all(entry["step"].device.type == "cpu" for entry in again.adam.state.values())
