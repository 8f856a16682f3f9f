import pytest
import torch
from torch import Tensor

from l2t.data.augment import Draws, augment, draw, normalise, to_device
from l2t.streams import Streams

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")),
]


def some_images(number: int, size: int) -> Tensor:
    return torch.randint(256, (number, 3, size, size), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def one_by_one(images: Tensor, draws: Draws, padding: int) -> Tensor:
    """The oracle: pad, crop and mirror each image by slicing."""
    size = images.shape[-1]
    out = torch.zeros_like(images)
    for index, image in enumerate(images):
        canvas = torch.zeros(3, size + 2 * padding, size + 2 * padding, dtype=torch.uint8)
        canvas[:, padding : padding + size, padding : padding + size] = image
        y, x = int(draws.dy[index]), int(draws.dx[index])
        crop = canvas[:, y : y + size, x : x + size]
        out[index] = crop.flip(2) if draws.flip[index] else crop
    return out


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("padding", [0, 2, 4])
@pytest.mark.parametrize("flip", [False, True])
def test_augmenting_a_batch_equals_slicing_each_image(device: str, padding: int, flip: bool):
    images = some_images(60, 8)
    draws = draw(60, padding, flip, Streams(0).generator("augment", 0))
    there = torch.device(device)
    assert torch.equal(augment(images.to(there), draws.to(there), padding).cpu(), one_by_one(images, draws, padding))


def test_every_offset_and_both_flips_are_drawn_about_equally_often():
    draws = draw(20_000, 4, True, Streams(0).generator("augment", 0))
    for offsets in (draws.dy, draws.dx):
        counts = torch.bincount(offsets, minlength=9)
        # 2222 expected of each, standard deviation 44
        assert len(counts) == 9
        assert (counts - 20_000 / 9).abs().max() < 5 * 44
    assert abs(int(draws.flip.sum()) - 10_000) < 5 * 71


def test_draws_belong_to_an_image_whatever_the_subset_and_the_flip_option():
    few = draw(50, 4, False, Streams(0).generator("augment", 7))
    many = draw(500, 4, True, Streams(0).generator("augment", 7))
    assert torch.equal(few.dy, many.dy[:50])
    assert torch.equal(few.dx, many.dx[:50])
    assert not few.flip.any()


def test_a_batch_takes_its_own_draws_in_any_order():
    images = some_images(12, 8)
    draws = draw(12, 2, True, Streams(0).generator("augment", 0))
    order = torch.randperm(12, generator=torch.Generator().manual_seed(3))
    assert torch.equal(augment(images[order], draws[order], 2), augment(images, draws, 2)[order])


def test_normalising_equals_torchvision():
    from torchvision.transforms.v2.functional import normalize, to_dtype

    images = some_images(4, 8)
    expected = normalize(
        to_dtype(images, torch.float32, scale=True), mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]
    )
    # one rounding of the mean's subtraction apart
    torch.testing.assert_close(normalise(images), expected, rtol=1e-6, atol=1e-6)
    assert normalise(images).dtype == torch.float32


def test_cached_images_become_channels_first_on_the_device(tmp_path):
    images = some_images(5, 8)
    last = images.permute(0, 2, 3, 1).contiguous().numpy()
    last.setflags(write=False)
    assert torch.equal(to_device(last, torch.device("cpu")), images)
