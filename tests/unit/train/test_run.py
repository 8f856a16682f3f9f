"""Single runs on the embedded digits: what they write, how they stop, go on and fail."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from obedient import Obedient

from l2t.errors import DataError, DivergedError, UsageError
from l2t.methods.registry import methods
from l2t.spec import ArtefactSpec, RunSpec, SourceSpec
from l2t.store.folder import JobFolder
from l2t.train import checkpoint
from l2t.train.artefact import make_artefact
from l2t.train.control import Interrupted

Spec = Callable[..., RunSpec]
Train = Callable[..., tuple[dict[str, Any], JobFolder]]


def bits(folder: JobFolder) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    return folder.read_metrics(), {path.name: path.read_bytes() for path in folder.traces.glob("*")}


@pytest.mark.parametrize("method", list(methods))
@pytest.mark.parametrize("steps", [1, 3, 6])
def test_a_stopped_run_goes_on_bit_for_bit(
    method: str, steps: int, spec: Spec, source: SourceSpec, train: Train
) -> None:
    needs = methods.get(method).needs_source
    element = "conv1.weight[4,2,1,0]" if methods.get(method).same_architecture else "features.0.weight[4,2,1,0]"
    run = spec(method, source=source.ref if needs else None, trace=(element,))
    whole, quiet = train(run)
    with pytest.raises(Interrupted):
        train(run, Obedient(steps), "stopped")
    resumed, noisy = train(run, place="stopped")
    assert resumed == whole
    assert bits(noisy) == bits(quiet)


def test_the_same_spec_gives_the_same_bits_and_another_seed_others(spec: Spec, train: Train) -> None:
    first, _ = train(spec())
    again, _ = train(spec(), place="again")
    other, _ = train(spec(seed=1))
    assert first == again
    assert first["weights"] != other["weights"]


def test_metrics_have_the_start_and_every_epoch_and_accuracy_at_the_measured_ones(spec: Spec, train: Train) -> None:
    _, folder = train(spec(train={"epochs": 6, "eval_points": 3}))
    rows = folder.read_metrics()
    assert [row["epoch"] for row in rows] == list(range(7))
    assert [row["epoch"] for row in rows if "accuracy" in row] == [2, 4, 6]
    assert [row["step"] for row in rows] == [0, 2, 4, 6, 8, 10, 12]
    assert all({"lr", "loss", "ce", "train_accuracy"} <= row.keys() for row in rows[1:])


def test_the_result_counts_every_test_image_once(spec: Spec, train: Train) -> None:
    result, _ = train(spec())
    confusion = np.array(result["confusion"])
    assert confusion.sum() == result["images"] == 740
    assert confusion.diagonal().tolist() == result["class_hits"]
    assert confusion.sum(1).tolist() == result["class_images"] == [74] * 10
    assert result["accuracy"] == pytest.approx(100 * sum(result["class_hits"]) / 740)


def test_runs_share_subset_and_start_across_methods_unless_independent(
    spec: Spec, source: SourceSpec, train: Train
) -> None:
    def first_weight(method: str, pairing: str) -> float:
        ref = source.ref if methods.get(method).needs_source else None
        settings = {"epochs": 1, "pairing": pairing}
        _, folder = train(spec(method, source=ref, train=settings, trace=("features.0.weight[0,0,0,0]",)))
        return float(folder.read_metrics()[0]["features.0.weight[0,0,0,0]"])

    assert first_weight("scratch", "shared") == first_weight("ufm", "shared") == first_weight("l2tww", "shared")
    assert first_weight("scratch", "independent") != first_weight("ufm", "independent")


def test_a_validation_split_keeps_its_best_epoch_beside_the_last(spec: Spec, train: Train) -> None:
    result, folder = train(spec(train={"select": "val", "epochs": 6}))
    measured = {row["epoch"]: row["val_accuracy"] for row in folder.read_metrics() if "val_accuracy" in row}
    best = result["best_val"]
    assert best["val_accuracy"] == max(measured.values())
    assert measured[best["epoch"]] == best["val_accuracy"]
    assert "accuracy" in result


def test_the_rare_class_has_its_recall_reported(spec: Spec, train: Train) -> None:
    result, _ = train(spec(data={"rare_class": 3, "rare_images": 1}))
    assert result["rare_recall"] == pytest.approx(100 * result["class_hits"][3] / 74)


def test_min_steps_lengthens_the_training(spec: Spec, train: Train) -> None:
    result, _ = train(spec(train={"min_steps": 11}))
    assert (result["epochs"], result["steps"]) == (6, 12)


@pytest.mark.parametrize("method", ["scratch", "ufm"])
def test_bf16_trains_methods_without_unrolling(method: str, spec: Spec, source: SourceSpec, train: Train) -> None:
    ref = source.ref if method == "ufm" else None
    _, lower = train(spec(method, source=ref, train={"precision": "bf16"}))
    _, full = train(spec(method, source=ref))
    first, expected = (folder.read_metrics()[1]["loss"] for folder in (lower, full))
    assert first != expected
    assert first == pytest.approx(expected, rel=2e-2)  # bfloat16 has 8 bits; losses themselves are float32


def test_divergence_ends_the_run_with_the_epoch_and_no_result(spec: Spec, train: Train) -> None:
    with pytest.raises(DivergedError, match=r"is (nan|inf) at epoch \d+ of 30"):
        train(spec(train={"lr": 1e30, "epochs": 30}))


def test_a_phase_whose_weights_are_not_finite_makes_nothing(
    spec: Spec, source: SourceSpec, phases: dict[str, ArtefactSpec], tmp_path: Path
) -> None:
    options = {"hint_lr": 3e38, "hint_epochs": 1}
    run = spec("fitnets", options, train={"batch": 64, "weight_decay": 1e3}, source=source.ref)
    folder = JobFolder(tmp_path / "hint")
    folder.make()
    with pytest.raises(DivergedError, match=r"features\..* is not finite after the last step"):
        make_artefact(phases[run.needs[1]], folder, tmp_path / "home", Obedient())
    assert not folder.weights.exists()


def test_meta_methods_trace_their_weights_and_the_probe(spec: Spec, source: SourceSpec, train: Train) -> None:
    _, folder = train(spec("l2twww", source=source.ref, train={"epochs": 50, "batch": 64}))
    chunks = sorted(folder.traces.glob("*.npz"))
    assert len(chunks) == 41
    with np.load(io.BytesIO(chunks[0].read_bytes()), allow_pickle=False) as start:
        assert start["probe/images"].shape == (8, 3, 16, 16)
        rows = dict(zip(start["names"].tolist(), start["rows"].tolist(), strict=True))
        assert (rows["gamma[2-1]"], rows["w[0-0]"], rows["lambda[1-2]"]) == (64, 16, 1)
        assert start["image/gamma"].shape == (8, 3 * (16 + 32 + 64), 3, 3)
        assert start["mean/lambda"].shape == (9,)
        assert np.all(start["mean/gamma"] == 1)
    whole = [path for path in chunks if "image/lambda" in np.load(path, allow_pickle=False)]
    assert len(whole) == 5
    rows = folder.read_metrics()
    assert rows[0]["gamma_moved"] == 0
    assert rows[-1]["gamma_moved"] > 0
    assert {"gamma_min", "gamma_median", "gamma_max", "gamma_below_1e-3", "w_moved", "lambda_moved"} <= rows[-1].keys()


def test_a_frozen_weight_is_traced_as_it_stays(spec: Spec, source: SourceSpec, train: Train) -> None:
    name = "conv1.weight[0,0,0,0]"
    _, folder = train(spec("finetune", source=source.ref, options={"backbone": "frozen"}, trace=(name,)))
    values = {row[name] for row in folder.read_metrics() if name in row}
    assert len(values) == 1


def test_traced_elements_are_recorded_from_the_start(spec: Spec, source: SourceSpec, train: Train) -> None:
    names = ("features.0.weight[4,2,1,0]", "gamma[2-1,5,0,1]", "lambda[2-1]")
    _, folder = train(spec("l2twww", source=source.ref, trace=names))
    assert all(set(names) <= row.keys() for row in folder.read_metrics())
    _, plain = train(spec("scratch", trace=names))  # a method without meta-weights traces the rest
    assert all(names[0] in row and names[1] not in row for row in plain.read_metrics())


@pytest.mark.parametrize("name", ["features.2.weight[0]", "features.0.weight[0]", "features.0.weight[99,0,0,0]"])
def test_a_trace_of_what_is_not_there_is_refused(name: str, spec: Spec, train: Train) -> None:
    with pytest.raises(UsageError):
        train(spec(trace=(name,)))


def test_a_checkpoint_that_cannot_be_read_starts_the_run_over(spec: Spec, train: Train) -> None:
    whole, _ = train(spec())
    with pytest.raises(Interrupted):
        train(spec(), Obedient(3), "broken")
    folder = JobFolder(train(spec(), place="elsewhere")[1].path.parents[1] / "broken" / spec().id)
    folder.checkpoint.write_bytes(folder.checkpoint.read_bytes()[:1000])
    assert checkpoint.load(folder.checkpoint) is None
    assert train(spec(), place="broken")[0] == whole


def test_weights_of_a_source_that_are_damaged_are_named(spec: Spec, source: SourceSpec, train: Train) -> None:
    run = spec("ufm", source=source.ref)
    _, folder = train(run)
    weights = JobFolder.of(folder.path.parents[1] / "home", "source", source.id).weights
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(DataError, match=r"source small are gone or damaged: .*weights\.pt"):
        train(run, place="again")


def test_progress_is_told_with_epochs_done_and_planned(spec: Spec, train: Train) -> None:
    control = Obedient()
    train(spec(), control)
    assert control.told[-1] == (4, 4)


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights.pt")
    assert checkpoint.load(tmp_path / "weights.pt") is None
