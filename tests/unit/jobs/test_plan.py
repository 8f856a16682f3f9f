"""From a request to specifications."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l2t.data.base import DataInfo
from l2t.errors import DataError, UsageError
from l2t.jobs.estimate import RATE, estimate, modelled
from l2t.jobs.inventory import Assumed
from l2t.jobs.plan import Plan, plan, plan_source
from l2t.models.imagenet.weights import Published
from l2t.spec import ArtefactSpec, RunSpec, SourceRef, TrainSettings
from l2t.spec.recipe import SourceTable
from l2t.spec.recipe_file import parse_recipe, read_recipe
from l2t.spec.request import SweepRequest
from l2t.spec.values import read_setting
from l2t.store.store import Store

DEMO = read_recipe("demo")


class Shelf:
    """An inventory of two data sets and one source network, which counts what it is asked for."""

    def __init__(self, knows: bool = False) -> None:
        self.asked: list[tuple[str, int]] = []
        self.knows = knows

    def described(self, name: str) -> DataInfo | None:
        return self.info(name) if self.knows else None

    def dataset(self, name: str, size: int) -> DataInfo:
        self.asked.append((name, size))
        return self.info(name)

    def info(self, name: str) -> DataInfo:
        return DataInfo(
            name=name,
            title=name,
            checksum=f"of {name}",
            classes=("a", "b", "c"),
            train_counts=(20, 30, 40),
            test_counts=(10, 10, 10),
            height=8,
            width=8,
            padding=2,
            flip=False,
        )

    def source(self, name: str) -> SourceRef | None:
        return SourceRef(hash="5" * 16, name=name, model="resnet32", outputs=200) if name == "stored" else None

    def learnt(self, source: SourceRef) -> str:
        return "cifar100"

    def published_source(self, published: Published) -> SourceRef:
        return SourceRef(hash="6" * 16, name=published.name, model=published.model, outputs=1000)

    def absent_source(self, name: str) -> SourceRef:
        raise UsageError(f"no {name}")


def planned(**changes: Any) -> Plan:
    return plan(SweepRequest(**({"recipe": DEMO, "seeds": (0,)} | changes)), Shelf(), "cpu")


def test_data_sets_give_checksum_classes_padding_and_flip() -> None:
    run = planned().runs[0]
    assert (run.checksum, run.classes, run.data.padding, run.data.flip) == ("of digits", 3, 2, False)
    asked = planned(settings=(read_setting("data.flip=true"), read_setting("data.padding=0"))).runs[0]
    assert (asked.data.padding, asked.data.flip) == (0, True)


def test_methods_without_a_source_have_none_and_the_others_that_of_the_recipe() -> None:
    result = planned()
    [training] = result.sources
    sources = {run.method: run.source for run in result.runs}
    assert sources == {"scratch": None, "ufm": training.ref, "l2tww": training.ref, "l2twww": training.ref}
    assert (training.dataset, training.model, training.data.size) == ("glyphs", "resnet8", 16)


def test_a_source_is_stored_or_known_to_the_demo_or_refused() -> None:
    assert planned(sources=("stored",), methods=("ufm",)).runs[0].source.hash == "5" * 16
    assert planned(sources=("glyphs-resnet8",), methods=("ufm",)).sources == planned().sources
    with pytest.raises(UsageError, match="no other"):
        planned(sources=("other",))
    without = parse_recipe('methods=["ufm"]\ndatasets=["digits"]\nshots=[1]', "r", "r")
    with pytest.raises(UsageError, match="ufm needs a source network: --source NAME"):
        planned(recipe=without)


def test_nothing_is_trained_for_a_source_that_no_method_uses() -> None:
    assert planned(methods=("scratch",)).sources == ()


def test_options_are_complete_and_equal_runs_are_one() -> None:
    [run] = planned(methods=("ufm",), settings=(read_setting("method.beta=2.0"),)).runs
    assert run.options == {"beta": 2.0, "pairs": "all"}
    assert run.id == planned(methods=("ufm",)).runs[0].id
    with_trace = planned(methods=("ufm",), trace=("features.0.weight[0,0,0,0]",)).runs[0]
    assert with_trace.trace
    assert with_trace.id == run.id


def test_pairs_in_another_order_are_the_same_run() -> None:
    runs = planned(methods=("ufm",), settings=(read_setting("method.pairs=2-1+2-0,2-0+2-1,2-0+2-1+2-0,2-0"),)).runs
    assert [run.options["pairs"] for run in runs] == ["2-0+2-1", "2-0"]


def test_each_data_set_is_asked_for_once_and_only_where_all_else_is_right() -> None:
    shelf = Shelf()
    plan(SweepRequest(DEMO), shelf, "cpu")
    assert sorted(shelf.asked) == [("digits", 16), ("glyphs", 16)]
    shelf = Shelf()
    with pytest.raises(UsageError, match="vgg9 takes images of"):
        plan(SweepRequest(DEMO, targets=("vgg9",)), shelf, "cpu")
    assert shelf.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"shots": (21,)},
        {"settings": (read_setting("data.rare_class=3"),)},
        {"trace": ("classifier.weight[3,0]",)},
    ],
)
def test_what_the_data_set_lacks_is_refused_before_it_is_prepared_where_it_is_known(changes: dict[str, Any]) -> None:
    shelf = Shelf(knows=True)
    with pytest.raises(UsageError):
        plan(SweepRequest(DEMO, **changes), shelf, "cpu")
    assert shelf.asked == []


@pytest.mark.parametrize(
    ("trace", "says"),
    [
        ("features.5.weight[0]", "vgg-small has no features.5.weight. Did you mean features."),
        ("features.0.weight[16,0,0,0]", "features.0.weight of vgg-small, which is 16 × 3 × 3 × 3"),
        ("features.0.weight[0]", "16 × 3 × 3 × 3"),
        ("lambda[0-0,1]", "lambda[0-0] of l2tww, which is a single number"),
        ("gamma[9-9,0,0,0]", "l2twww has no gamma[9-9]. Did you mean gamma["),
        ("gamma[0-0,16,0,0]", "16 × 3 × 3"),
    ],
)
def test_a_trace_of_what_is_not_there_is_refused_before_data_is_prepared(trace: str, says: str) -> None:
    shelf = Shelf()
    with pytest.raises(UsageError, match=re.escape(says)):
        plan(SweepRequest(DEMO, trace=(trace,)), shelf, "cpu")
    assert shelf.asked == []


def test_methods_without_meta_weights_pass_their_traces_over() -> None:
    assert len(planned(methods=("scratch", "ufm", "l2tww"), trace=("gamma[9-9,0,0,0]",)).runs) > 0


@pytest.mark.parametrize(("size", "near"), [("30", "28 or 32"), ("33", "32 or 36")])
def test_a_size_that_strided_convolutions_round_up_is_refused(size: str, near: str) -> None:
    settings = (read_setting(f"data.size={size}"),)
    assert planned(methods=("scratch",), settings=settings)
    for changes in ({"methods": ("ufm",)}, {"methods": ("scratch",), "targets": ("resnet8",)}):
        with pytest.raises(UsageError, match=f"multiples of 4 pixels, data.size is {size}. Take {near}"):
            planned(settings=settings, **changes)


def test_a_recipe_s_source_is_checked_before_data_is_prepared() -> None:
    shelf = Shelf()
    recipe = DEMO.model_copy(update={"source": SourceTable(name="n", dataset="none", model="resnet8")})
    with pytest.raises(UsageError, match="none"):
        plan(SweepRequest(recipe), shelf, "cpu")
    assert shelf.asked == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shots": (21,)}, "digits has 20 training images of class 0, 21 shots were asked for"),
        ({"shots": (19,), "settings": (read_setting("train.select=val"),)}, "Largest possible: 18"),
        ({"settings": (read_setting("data.rare_class=3"),)}, "no class 3"),
        ({"settings": (read_setting("train.precision=bf16"),)}, "bf16"),
        ({"settings": (read_setting("train.precision=tf32"),)}, "CUDA"),
        ({"datasets": ("digit",)}, "Did you mean digits"),
        ({"settings": (read_setting("method.pairs=2-0,3-1"),)}, "no pair 3-1.*ResNet-8 has 3.*VGG-small has 3"),
    ],
)
def test_what_cannot_run_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        planned(**changes)


def test_bf16_is_for_methods_that_do_not_unroll() -> None:
    runs = planned(methods=("scratch", "ufm"), settings=(read_setting("train.precision=bf16"),)).runs
    assert {run.train.precision for run in runs} == {"bf16"}


def test_a_source_is_not_called_as_torchvisions_weights_are() -> None:
    table = SourceTable(name="imagenet-resnet18", dataset="digits", model="resnet8")
    with pytest.raises(UsageError, match="give the network another"):
        plan_source(table, Shelf(), "cpu")


def test_a_source_is_trained_on_its_whole_data_set() -> None:
    table = SourceTable(name="n", dataset="digits", model="resnet8", train={"select": "val"})
    with pytest.raises(UsageError, match="whole data set"):
        plan_source(table, Shelf(), "cpu")


def test_a_dry_run_lists_what_is_missing_once(tmp_path: Path) -> None:
    with Store.read(tmp_path / "home") as store:
        inventory = Assumed(store)
        result = plan(SweepRequest(read_recipe("thesis"), seeds=(0, 1)), inventory, "cpu")
    assert len(result.runs) == 116
    assert [line.split(":")[0] for line in inventory.missing] == [
        "source network tinyimagenet-resnet32",
        "data set stl10",
        "data set cifar10",
        "data set cifar100",
    ]


def test_finished_runs_calibrate_the_estimate(tmp_path: Path, finished: "Finished") -> None:
    result = planned(methods=("ufm", "l2tww"), sources=("stored",), seeds=tuple(range(4)))
    ufm = [run for run in result.runs if run.method == "ufm"]
    with Store.open(tmp_path / "home") as store:
        rough = estimate(store, ufm, result.sources, result.datasets)
        assert not rough.measured
        assert rough.seconds == pytest.approx(sum(modelled(run, 30) for run in ufm))
        finished(store, ufm[0], 7.0)
        measured = estimate(store, ufm, result.sources, result.datasets)
        assert measured.measured
        assert measured.seconds == pytest.approx(28.0)
        assert not estimate(store, result.runs, (), result.datasets).measured


def test_unrolling_costs_more_and_a_gpu_less() -> None:
    seconds = {run.method: modelled(run, 0) for run in planned(sources=("stored",)).runs}
    assert seconds["scratch"] < seconds["ufm"] < seconds["l2tww"] == seconds["l2twww"]
    assert RATE["cuda"] > RATE["cpu"]


Finished = Any


@pytest.fixture
def finished() -> Finished:
    """Takes a run through the store: asked for, claimed, done in so many seconds."""
    from l2t.jobs.owner import current
    from l2t.store.rows import Submission

    def finish(store: Store, run: RunSpec, seconds: float) -> None:
        store.submit(Submission("l2t run", "", 1, (run,)))
        owner = current()
        job = store.claim(owner)
        assert job is not None
        store.finish(job.id, owner, {"accuracy": 50.0}, seconds, None)

    return finish


class Embedded(Shelf):
    """The embedded data sets as they are."""

    def info(self, name: str) -> DataInfo:
        checksum, classes = EMBEDDED[name]
        own = {"checksum": checksum, "classes": tuple(map(str, range(classes))), "train_counts": (100,) * classes}
        return super().info(name).model_copy(update=own)


EMBEDDED = {
    "digits": ("sha256:e5aa65d1159de7effb6abec7cb5bf3d11ae1ed9b1c341a4f374dbf90b34713c2", 10),
    "glyphs": ("sha256:e932d547884211ae53fe2aa5d71fa34f87bb71a84415232ccd9856549871fcea", 36),
}


def test_runs_keep_the_identities_that_recorded_ones_have() -> None:
    asked = SweepRequest(DEMO, shots=(2,), seeds=(0,), settings=(read_setting("train.epochs=50"),))
    runs = plan(asked, Embedded(), "cpu").runs
    assert {run.method: (run.id, run.cell) for run in runs if run.method in ("scratch", "l2twww")} == {
        "scratch": ("e8bf03bf4d9dd956", "a56be43f552ed5fe"),
        "l2twww": ("087c3054fdce1e3e", "dd3a7b1fc44ca56a"),
    }


def phased(method: str, *settings: str, **changes: Any) -> Plan:
    asked = {"methods": (method,), "sources": ("stored",), "shots": (2,), "seeds": (0, 1)} | changes
    return planned(settings=(read_setting("data.size=32"), *map(read_setting, settings)), **asked)


def test_a_phase_on_the_subset_is_made_for_each_seed_and_no_part_of_the_cell() -> None:
    made = phased("kd")
    assert [(artefact.phase, artefact.seed) for artefact in made.artefacts] == [("teacher", 0), ("teacher", 1)]
    assert [run.artefacts for run in made.runs] == [(artefact.ref,) for artefact in made.artefacts]
    assert [run.needs for run in made.runs] == [("5" * 16, artefact.id) for artefact in made.artefacts]
    assert len({run.cell for run in made.runs}) == 1
    assert len({run.id for run in made.runs}) == 2
    other = phased("kd", "method.teacher_lr=0.02")
    assert {run.cell for run in other.runs}.isdisjoint(run.cell for run in made.runs)


def test_a_phase_on_a_whole_data_set_is_made_once_for_seeds_shots_and_options_that_it_has_not() -> None:
    made = phased("factor-transfer", "method.weight=1,2", shots=(2, 5))
    [paraphraser] = made.artefacts
    assert len(made.runs) == 8
    assert {run.artefacts for run in made.runs} == {(paraphraser.ref,)}
    assert (paraphraser.dataset, paraphraser.shots, paraphraser.seed) == ("cifar100", None, 0)
    assert len(phased("factor-transfer", "method.share=0.25,0.5").artefacts) == 2
    elsewhere = phased("factor-transfer", "data.subset=fixed", "data.rare_class=0")
    assert elsewhere.artefacts == (paraphraser,)


def test_methods_without_phases_have_none() -> None:
    assert planned().artefacts == ()
    assert all(run.artefacts == () for run in planned().runs)


INFO = Shelf.info


def absent(shelf: Shelf, name: str, size: int) -> DataInfo:
    if name == "cifar100":
        raise DataError(f"no {name}")
    return shelf.info(name)


def test_a_phase_of_data_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r'no data set "glyph". Did you mean glyphs\?'):
        phased("intermediate", "method.through=glyph")
    with pytest.raises(UsageError, match="intermediate goes through another data set than its target"):
        phased("intermediate", "method.through=digits")
    with monkeypatch.context() as patched:  # the same images elsewhere
        patched.setattr(Shelf, "info", lambda shelf, name: INFO(shelf, name).model_copy(update={"checksum": "same"}))
        with pytest.raises(UsageError, match="intermediate goes through another data set than its target"):
            phased("intermediate", "method.through=glyphs")
    with monkeypatch.context() as patched:
        patched.setattr(Shelf, "dataset", absent)
        with pytest.raises(DataError, match=r"no cifar100.*method.through=glyphs takes other images"):
            phased("intermediate")
    monkeypatch.setattr(Shelf, "learnt", lambda shelf, source: "")
    with pytest.raises(UsageError, match=r"source network stored learnt is not known.*--set method.source_data=NAME"):
        phased("factor-transfer")
    assert phased("factor-transfer", "method.source_data=glyphs").artefacts[0].dataset == "glyphs"


@pytest.mark.parametrize(
    ("method", "setting", "reads"),
    [
        ("fitnets", "method.hint_lr=0.05", lambda made: made.train.lr == 0.05),
        ("fitnets", "method.hint_epochs=7", lambda made: made.train.epochs == 7),
        ("fitnets", "method.pairs=one-to-one", lambda made: made.options == {"pairs": "one-to-one"}),
        ("fitnets", "train.batch=64", lambda made: made.train.batch == 64),
        ("fitnets", "train.pairing=independent", lambda made: made.salt == "fitnets"),
        ("kd", "method.teacher_lr=0.02", lambda made: made.train.lr == 0.02),
        ("kd", "train.epochs=9", lambda made: made.train.epochs == 9),
        ("kd", "data.rare_class=1", lambda made: made.data.rare_class == 1),
        ("intermediate", "method.through_lr=0.02", lambda made: made.train.lr == 0.02),
        ("intermediate", "method.through_epochs=3", lambda made: made.train.epochs == 3),
        ("intermediate", "method.backbone=slow", lambda made: made.options == {"backbone": "slow"}),
        ("intermediate", "method.through=cifar10", lambda made: made.dataset == "cifar10"),
        ("intermediate", "train.threads=2", lambda made: made.train.threads == 2),
        ("factor-transfer", "method.share=0.25", lambda made: made.options["share"] == 0.25),
        ("factor-transfer", "method.reconstruction=l2", lambda made: made.options["reconstruction"] == "l2"),
        ("factor-transfer", "method.pairs=1-2", lambda made: made.options["tap"] == 9),
        ("factor-transfer", "method.paraphraser_epochs=3", lambda made: made.train.epochs == 3),
        ("factor-transfer", "data.flip=true", lambda made: made.data.flip is True),
    ],
)
def test_what_a_phase_depends_on_reaches_it_and_is_part_of_its_identity(
    method: str, setting: str, reads: Callable[[ArtefactSpec], bool]
) -> None:
    plain, other = phased(method).artefacts[0], phased(method, setting).artefacts[0]
    assert reads(other)
    assert not reads(plain)
    assert other.id != plain.id


def test_a_phase_on_the_subset_has_the_runs_settings_and_one_on_a_whole_set_the_protocols() -> None:
    for method, phase, own in (("fitnets", "hint", {}), ("kd", "teacher", {"lr": 0.01})):
        made = phased(method, "train.epochs=9", "train.momentum=0.5", "train.min_steps=40")
        [artefact, _] = made.artefacts
        assert (artefact.phase, artefact.train) == (phase, made.runs[0].train.model_copy(update=own))
    whole = {"epochs": 6, "lr": 0.1, "weight_decay": 5e-4, "batch": 128}
    for method, own in (("factor-transfer", whole), ("intermediate", {"epochs": 30, "lr": 0.01})):
        [artefact] = phased(method, "train.epochs=9", "train.momentum=0.5").artefacts
        assert artefact.train == TrainSettings(**own)


@pytest.mark.parametrize("method", ["fitnets", "kd", "intermediate", "factor-transfer"])
def test_phases_are_made_on_the_runs_kind_of_device(method: str) -> None:
    asked = SweepRequest(DEMO, methods=(method,), sources=("stored",), settings=(read_setting("data.size=32"),))
    assert {artefact.device for artefact in plan(asked, Shelf(), "cuda").artefacts} == {"cuda"}


def test_the_intermediate_data_set_of_cifar100_is_cifar10_and_of_others_cifar100() -> None:
    assert [
        phased("intermediate", datasets=(name,)).artefacts[0].dataset for name in ("cifar100", "cifar10", "stl10")
    ] == ["cifar10", "cifar100", "cifar100"]


def test_what_a_phase_does_not_depend_on_makes_no_other() -> None:
    for method in ("kd", "fitnets"):
        plain = phased(method)
        for setting in ("train.eval_points=3", "train.eval_images=50", "data.rare_images=3"):
            assert phased(method, setting).artefacts == plain.artefacts
        assert [run.id for run in phased(method, "data.rare_images=3").runs] == [run.id for run in plain.runs]
        rare = [phased(method, "data.rare_class=1", f"data.rare_images={n}").artefacts for n in (2, 10)]
        assert rare[0] == rare[1]  # of two shots


def test_epochs_of_hints_that_are_asked_for_are_those() -> None:
    made = phased("fitnets", "method.hint_epochs=3", "train.min_steps=40").artefacts[0]
    assert (made.train.epochs, made.train.min_steps) == (3, 0)


def test_frozen_features_after_an_intermediate_data_set_are_those_that_it_tuned() -> None:
    made = phased("intermediate", "method.backbone=frozen")
    assert made.artefacts == phased("intermediate").artefacts
    assert {run.options["backbone"] for run in made.runs} == {"frozen"}
