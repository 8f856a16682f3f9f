"""What is said of what was asked for."""

from collections.abc import Callable

from cli.asking import too_high
from l2t.spec import RunSpec, TrainSettings


def test_targets_that_bear_no_high_learning_rate_are_named_where_they_get_one(make_run: Callable[..., RunSpec]) -> None:
    runs = [
        make_run(target=target, train=TrainSettings(lr=lr))
        for target, lr in (("vit-tiny", 0.1), ("vit-tiny", 0.01), ("vgg9-plain", 0.01), ("vgg9", 0.1))
    ]
    assert too_high(runs) == {"vit-tiny": 0.01}
    assert too_high(runs[1:]) == {}
