"""Methods that train the source's own architecture, and networks made once for all seeds."""

from dataclasses import replace

import pytest

from l2t.errors import UsageError
from l2t.report.sections.costs import costs
from l2t.spec import SourceRef, TrainSettings
from l2t.spec.run import ArtefactRef
from l2t.store.state import State

LOW, HIGH = [50.0, 51.0, 52.0], [60.0, 61.0, 62.0]
ALIKE = {"target": "resnet8", "source": SourceRef(hash="cd" * 8, name="glyphs", model="resnet8", outputs=62)}


def test_methods_that_train_the_sources_architecture_have_a_table_of_their_own(runs):
    for method in ("scratch", "ufm", "finetune", "intermediate"):
        runs.add(method, LOW, **(ALIKE if method != "scratch" else {"target": "resnet8"}))
    runs.rows = [replace(row, parameters=78_000, seconds=2.0 + row.seed) for row in runs.rows]
    report = runs.report()
    assert [table.rows for table in report.tables] == [("scratch", "ufm"), ("finetune", "intermediate")]
    assert [table.baseline for table in report.tables] == ["scratch", "finetune"]
    assert not any("Same architecture" in note for note in report.tables[0].notes)
    assert any("Same architecture" in note for note in report.tables[1].notes)
    times = [note for note in report.tables[1].notes if "mean time" in note]
    assert times == [
        "finetune: 78,000 parameters, mean time of a run 3.0 s.",
        "intermediate: 78,000 parameters, mean time of a run 3.0 s, without its intermediate network.",
    ]


@pytest.mark.parametrize(("own", "told"), [("ab" * 8, True), ("ef" * 8, False)])
def test_a_network_made_once_for_all_seeds_is_told_of(runs, own, told):
    made = ArtefactRef(phase="paraphraser", name="paraphraser", hash=own, shared="ab" * 8)
    runs.add("factor-transfer", HIGH, artefacts=(made,))
    notes = runs.report().tables[0].notes
    assert any("One paraphraser network for all seeds of factor-transfer" in note for note in notes) is told


def test_costs_name_what_they_leave_out(tmp_path, runs):
    for method in ("scratch", "kd", "fitnets"):
        runs.add(method, LOW)
    runs.rows = [replace(row, device="cpu") for row in runs.rows]
    said = [sentence for grid in costs(tmp_path, runs.report(), runs.rows).grids for sentence in grid.sentences]
    assert any(sentence.endswith("(l2t show RUN): hint (fitnets); teacher (kd).") for sentence in said)


def test_runs_that_were_all_cancelled_are_in_nobodys_way(runs):
    other = {"train": TrainSettings(epochs=4, lr=0.5)}
    runs.add("ufm", LOW)
    runs.add("ufm", [None, None], State.CANCELLED, **other)
    [table] = runs.report().tables
    assert [entry.summary.n for entry in table.entries] == [3]
    runs.add("ufm", [None], State.QUEUED, seeds=[2], **other)
    with pytest.raises(UsageError, match=r"differ in more than the seed: train\.lr"):
        runs.report()


def test_runs_that_were_all_cancelled_are_counted_where_they_are_alone(runs):
    runs.add("ufm", [None, None], State.CANCELLED)
    [entry] = runs.report().tables[0].entries
    assert (entry.summary.n, entry.planned) == (0, 2)
