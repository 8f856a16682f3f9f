"""The cache of decoded images."""

from pathlib import Path

import numpy as np
import pytest

from l2t.data import cache
from l2t.data.base import Images

IMAGES = Images(
    np.zeros((2, 8, 8, 3), np.uint8), np.zeros(2, np.int64), np.ones((1, 8, 8, 3), np.uint8), np.ones(1, np.int64)
)


@pytest.mark.parametrize("package", ["pillow", "numpy"])
def test_versions_that_may_decode_other_pixels_share_no_cache(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_cache(tmp_path, "sha256:ab", 8, IMAGES)
    assert cache.read_cache(tmp_path, "sha256:ab", 8) is not None
    assert cache.cached_sizes(tmp_path, "sha256:ab") == (8,)
    known = cache.version
    monkeypatch.setattr(cache, "version", lambda name: "99.1" if name == package else known(name))
    cache._decoder.cache_clear()
    try:
        assert cache.read_cache(tmp_path, "sha256:ab", 8) is None
        assert cache.cached_sizes(tmp_path, "sha256:ab") == ()
        cache.write_cache(tmp_path, "sha256:ab", 16, IMAGES)
        assert cache.cached_sizes(tmp_path, "sha256:ab") == (16,)
    finally:
        cache._decoder.cache_clear()
    assert len(list((tmp_path / "decoded").iterdir())) == 2
