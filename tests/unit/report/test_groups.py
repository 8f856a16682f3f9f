"""Methods that train the source's own architecture, and networks made once for all seeds."""

from dataclasses import replace

import pytest

from l2t.spec import SourceRef
from l2t.spec.run import ArtefactRef

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
    assert "finetune: 78,000 parameters, mean time of a run 3.0 s." in report.tables[1].notes


@pytest.mark.parametrize(("own", "told"), [("ab" * 8, True), ("ef" * 8, False)])
def test_a_network_made_once_for_all_seeds_is_told_of(runs, own, told):
    made = ArtefactRef(phase="paraphraser", name="paraphraser", hash=own, shared="ab" * 8)
    runs.add("factor-transfer", HIGH, artefacts=(made,))
    notes = runs.report().tables[0].notes
    assert any("One paraphraser network for all seeds of factor-transfer" in note for note in notes) is told
