"""The files in which torchvision publishes weights that were trained on ImageNet. Torch-free; names without numpy."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from l2t.errors import DataError
from l2t.words import size

if TYPE_CHECKING:
    from l2t.data.base import Progress

OUTPUTS = 1000
"""Classes of ImageNet."""
FOLDER = "weights"
"""Where the files lie in the data folder."""


@dataclass(frozen=True)
class Published:
    """A source network that torchvision's file has the weights of."""

    name: str
    """Of the source network; its architecture is called the same."""
    file: str
    """Its name ends in the first digits of its SHA-256."""
    megabytes: float

    @property
    def model(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"https://download.pytorch.org/models/{self.file}"

    @property
    def how(self) -> str:
        """How it comes into a store, in words."""
        return f"the first run with it downloads {self.file} ({size(self.megabytes * 1e6)})"

    def missing(self, data: Path) -> bool:
        """Whether `fetch` would have to download the file. data: the data folder."""
        return not (data / FOLDER / self.file).exists()

    def fetch(self, data: Path, progress: "Progress") -> Path:
        """The file in the data folder, downloaded where it is not there, and verified. DataError where that fails."""
        from l2t.data.download import download, file_digest

        path = data / FOLDER / self.file
        digest = path.stem.rsplit("-", 1)[1]
        elsewhere = f"or l2t source import FILE --name {self.name}"
        try:
            if self.missing(data):
                path.parent.mkdir(parents=True, exist_ok=True)
                try:
                    download(self.url, path, digest, progress, "sha256")
                except DataError as error:
                    raise DataError(f"{error}, {elsewhere}") from error
            elif (found := file_digest(path, progress, "sha256")[: len(digest)]) != digest:
                raise DataError(
                    f"{path} is damaged or another file: its sha256 begins with {found}, not {digest}. Replace it "
                    f"by the file at {self.url}, {elsewhere}"
                )
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"cannot use the data folder {data}: {reason} (L2T_DATA names another)") from error
        return path


IMAGENET = {
    published.name: published
    for published in (
        Published("imagenet-resnet18", "resnet18-f37072fd.pth", 46.8),
        Published("imagenet-resnet34", "resnet34-b627a593.pth", 87.3),
        Published("imagenet-resnet50", "resnet50-0676ba61.pth", 102.5),
        Published("imagenet-resnet152", "resnet152-394f9c45.pth", 241.6),
        Published("imagenet-vgg16", "vgg16-397923af.pth", 553.4),
        Published("imagenet-vit-b16", "vit_b_16-c867db91.pth", 346.3),
    )
}
"""By name: IMAGENET1K_V1, the weights of the papers' training."""
