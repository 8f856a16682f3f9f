import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from l2t.data.base import shot_counts, validation_count
from l2t.data.subset import deal, evaluation_subset, few_shot, pool_and_validation
from l2t.errors import UsageError
from l2t.streams import Streams

LABELS = torch.arange(10).repeat(30)[torch.randperm(300, generator=torch.Generator().manual_seed(1))]


def stream(seed: int = 0) -> torch.Generator:
    return Streams(seed).generator("subset")


@given(st.lists(st.integers(1, 40), min_size=2, max_size=6), st.integers(0, 1000))
def test_dealing_is_a_permutation_whose_prefixes_are_as_balanced_as_can_be(counts: list[int], seed: int):
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    order, rounds = deal(labels, stream(seed))
    assert sorted(order.tolist()) == list(range(len(labels)))
    for end in range(1, len(order) + 1):
        drawn = torch.bincount(labels[order[:end]], minlength=len(counts))
        open_classes = drawn < torch.tensor(counts)
        if open_classes.any():
            assert drawn.max() - drawn[open_classes].min() <= 1
    assert rounds.tolist() == sorted(rounds.tolist())


def test_few_shot_subsets_are_balanced_and_without_repetition():
    chosen = few_shot(LABELS, 7, stream())
    assert torch.bincount(LABELS[chosen]).tolist() == [7] * 10
    assert len(set(chosen.tolist())) == 70


def test_a_smaller_subset_is_the_beginning_of_a_larger_one():
    assert torch.equal(few_shot(LABELS, 5, stream()), few_shot(LABELS, 30, stream())[:50])


def test_the_first_images_of_a_subset_are_of_different_classes():
    # The probe of the traces is the first eight.
    assert LABELS[few_shot(LABELS, 5, stream())[:10]].tolist() == list(range(10))


def test_seeds_draw_different_subsets():
    assert not torch.equal(few_shot(LABELS, 5, stream(0)), few_shot(LABELS, 5, stream(1)))


def test_the_rare_class_keeps_its_first_images_and_the_others_are_untouched():
    whole = few_shot(LABELS, 20, stream())
    cut = few_shot(LABELS, 20, stream(), rare_class=3, rare_images=4)
    assert cut[LABELS[cut] != 3].tolist() == whole[LABELS[whole] != 3].tolist()
    assert cut[LABELS[cut] == 3].tolist() == whole[LABELS[whole] == 3][:4].tolist()


def test_the_rare_class_needs_no_more_images_than_it_keeps():
    assert shot_counts([100, 3, 100], 50, 1, 3, "x") == (50, 3, 50)


def test_too_many_shots_are_refused_with_the_largest_possible_number():
    with pytest.raises(UsageError, match=r"digits has 100 training images of class 8, 500 shots were asked for\. Larg"):
        shot_counts([*[104] * 8, 100, 106], 500, None, 10, "digits")
    with pytest.raises(UsageError, match="Largest possible: 30"):
        few_shot(LABELS, 31, stream())


def test_an_absent_rare_class_is_refused():
    with pytest.raises(UsageError, match="has no class 10 to make rare: its classes are 0 … 9"):
        few_shot(LABELS, 5, stream(), rare_class=10)


def test_pool_and_validation_part_the_training_set():
    pool, validation = pool_and_validation(LABELS, stream())
    assert sorted([*pool.tolist(), *validation.tolist()]) == list(range(300))
    assert torch.bincount(LABELS[validation]).tolist() == [validation_count(30)] * 10 == [3] * 10


def test_the_evaluation_subset_is_balanced_and_never_larger_than_asked():
    chosen = evaluation_subset(LABELS, 105, stream())
    assert len(chosen) == 105
    assert set(torch.bincount(LABELS[chosen]).tolist()) == {10, 11}
    assert evaluation_subset(LABELS, 1000, stream()).tolist() == list(range(300))
