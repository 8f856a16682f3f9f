"""From a request to fully resolved specifications: names looked up, defaults filled in, everything checked.

What a plan contains can run; what cannot is a UsageError before anything is written to the home.
"""

from dataclasses import dataclass
from functools import cache

from l2t.data.base import DataInfo, shot_counts
from l2t.data.registry import canonical
from l2t.errors import UsageError
from l2t.jobs.inventory import Inventory
from l2t.methods.phases import PhaseImages
from l2t.methods.registry import methods
from l2t.models.base import Shape
from l2t.models.imagenet.weights import IMAGENET, Published
from l2t.models.registry import models
from l2t.spec import ArtefactSpec, DataSettings, RunSpec, SourceRef, SourceSpec, TrainSettings
from l2t.spec.recipe import SourceTable
from l2t.spec.recipe_file import read_recipe
from l2t.spec.request import SweepRequest
from l2t.spec.run import Device
from l2t.spec.sweep import Point, expand
from l2t.spec.trace import applying, parse
from l2t.spec.variants import build


@dataclass(frozen=True)
class Plan:
    """What a request comes to."""

    runs: tuple[RunSpec, ...]
    """In the order in which they are queued, each once."""
    sources: tuple[SourceSpec, ...]
    """Trainings of source networks that the runs need; done ones are not trained again."""
    artefacts: tuple[ArtefactSpec, ...]
    """What phases of the methods make before the runs; done ones are not made again."""
    recipe: str
    seeds_planned: int
    """Seeds of each cell."""
    datasets: dict[str, DataInfo]
    """The data sets of runs and sources, by name."""


def plan(request: SweepRequest, inventory: Inventory, device: Device) -> Plan:
    """The runs of `request` on `device`, and the source networks to be trained for them.

    Raises UsageError for unknown names, too many shots, too small images and settings that do not go together;
    DataError where a data set cannot be prepared.
    """
    points = expand(request)
    once = _Once(inventory)
    planner = _Planner(request, once, device)
    # Everything that needs no data first: nothing is downloaded for a request that cannot be met.
    names = {name: canonical(name) for name in dict.fromkeys(point.dataset for point in points)}
    groups = {
        (p.method, p.target, p.settings.key, str(p.source), p.dataset, p.shots, p.trace): p for p in points
    }.values()
    for group in groups:
        planner.check(group)
    for group in groups:
        planner.check_data(group, once.described(names[group.dataset]))
    runs: dict[str, RunSpec] = {}
    for point in points:
        run = planner.resolve(point, names[point.dataset])
        runs.setdefault(run.id, run)
    seeds = {point.seed for point in points}
    trainings = tuple(planner.trainings.values())
    made = tuple(planner.artefacts.values())
    return Plan(tuple(runs.values()), trainings, made, request.recipe.name, len(seeds), once.datasets)


def plan_source(table: SourceTable, inventory: Inventory, device: Device) -> SourceSpec:
    """The training of the source network that `table` defines; errors as of `plan`."""
    train, data = check_source(table, device)
    info = inventory.dataset(canonical(table.dataset), data.size)
    return SourceSpec(
        name=table.name,
        dataset=info.name,
        checksum=info.checksum,
        classes=len(info.classes),
        model=table.model,
        seed=table.seed,
        train=train,
        data=_resolved(data, info),
        device=device,
        packages=models.package(table.model),
    )


def check_source(table: SourceTable, device: Device) -> tuple[TrainSettings, DataSettings]:
    """The settings of a source network's training; UsageError where they cannot be, whatever its data."""
    if table.name in IMAGENET:
        raise UsageError(f"{table.name} is the name of torchvision's ImageNet weights: give the network another")
    canonical(table.dataset)
    train = build(TrainSettings, "training", table.train)
    data = build(DataSettings, "data", table.data)
    _check_size(table.model, data.size)
    _check_precision(train, device)
    if data.rare_class is not None or train.select != "last":
        raise UsageError("a source network is trained on its whole data set: rare_class and select=val are for runs")
    return train, data


@dataclass(frozen=True)
class _PhaseData:
    """Looks up what the phases of one run learn from. data: the run's settings as they were asked for."""

    inventory: Inventory
    learnt: str
    data: DataSettings

    def images(self, name: str) -> PhaseImages:
        info = self.inventory.dataset(canonical(name), self.data.size)
        return PhaseImages(info.name, info.checksum, len(info.classes), _resolved(self.data, info))

    def source_dataset(self) -> str:
        return self.learnt


class _Once:
    """An inventory that asks another for each thing once."""

    def __init__(self, inventory: Inventory) -> None:
        self._sizes: dict[tuple[str, int], DataInfo] = {}
        self.datasets: dict[str, DataInfo] = {}
        self.described = cache(inventory.described)
        self.source = cache(inventory.source)
        self.published_source = cache(inventory.published_source)
        self.absent_source = cache(inventory.absent_source)
        self.learnt = cache(inventory.learnt)
        self._inventory = inventory

    def dataset(self, name: str, size: int) -> DataInfo:
        if (name, size) not in self._sizes:
            self._sizes[name, size] = self.datasets[name] = self._inventory.dataset(name, size)
        return self._sizes[name, size]


class _Planner:
    """Resolves the points of one request."""

    def __init__(self, request: SweepRequest, inventory: Inventory, device: Device) -> None:
        self._request = request
        self._inventory = inventory
        self._device = device
        self._sources: dict[str, SourceRef] = {}
        self.trainings: dict[str, SourceSpec] = {}
        self.artefacts: dict[str, ArtefactSpec] = {}

    def check(self, point: Point) -> None:
        """UsageError where the point's networks and settings do not exist or do not go together."""
        config = methods.get(point.method)
        train = point.settings.train
        _check_precision(train, self._device)
        if train.precision == "bf16" and config.unrolls:
            raise UsageError(
                f"{point.method} differentiates through virtual steps: bf16 is too coarse, take fp32 or tf32"
            )
        if config.needs_source:
            if point.source is None:
                raise UsageError(f"{point.method} needs a source network: --source NAME (l2t source list shows them)")
            source = self._find_source(point.source)
            if config.same_architecture and point.target not in (None, source.model):
                models.get(point.target)  # of a name that there is none of, that is said
                raise UsageError(
                    f"{point.method} trains a network of its source's architecture: that of {source.name} is "
                    f"{source.model}, the target asked for {point.target}. Leave --target out, or take a source of "
                    "that architecture"
                )
            _check_size(source.model, point.settings.data.size)
            if isinstance(source, SourceTable):
                check_source(source, self._device)
            options = config.model_validate(point.settings.options)
            options.check(models.get(source.model), models.get(self._target(point)))
        _check_size(self._target(point), point.settings.data.size)

    def _target(self, point: Point) -> str:
        """The architecture that the point trains."""
        if point.target is not None:
            return point.target
        assert point.source is not None
        return self._find_source(point.source).model

    def check_data(self, point: Point, info: DataInfo | None) -> tuple[str, ...]:
        """The traces that the point records; UsageError where a checked point asks for images, classes or traces that
        there are not. info: what is known of its data set; None: nothing, then only the rest is checked."""
        settings = point.settings
        config, target = methods.get(point.method), models.get(self._target(point))
        traces = point.trace
        if info is not None:
            counts = info.pool_counts(settings.train.select)
            shot_counts(counts, point.shots, settings.data.rare_class, settings.data.rare_images, info.name)
            weights = target.weights(len(info.classes))
        else:
            weights = dict(target.body)
            traces = tuple(text for text in traces if not parse(text).name.startswith("classifier."))
        if not traces:
            return ()
        observed: dict[str, Shape] = {}
        if point.source is not None:
            source = models.get(self._find_source(point.source).model)
            observed = config.model_validate(settings.options).observed(source, target)
        return applying(traces, self._target(point), weights, point.method, observed)

    def resolve(self, point: Point, name: str) -> RunSpec:
        """The run of a checked point on the data set of that canonical name."""
        data = point.settings.data
        info = self._inventory.dataset(name, data.size)
        trace = self.check_data(point, info)
        source = None if point.source is None else self._source(point.source)
        observed = {} if source is None else models.package(source.model)
        run = RunSpec(
            method=point.method,
            options=point.settings.options,
            dataset=info.name,
            checksum=info.checksum,
            classes=len(info.classes),
            shots=point.shots,
            seed=point.seed,
            source=source,
            target=self._target(point),
            train=point.settings.train,
            data=_resolved(data, info),
            device=self._device,
            recipe=self._request.recipe.name,
            trace=trace,
            packages=methods.package(point.method) | models.package(self._target(point)) | observed,
        )
        config = methods.get(point.method).model_validate(run.options)
        made = config.phases(run, _PhaseData(self._inventory, self._learnt(point), data))
        if not made:
            return run
        self.artefacts |= {artefact.id: artefact for artefact in made}
        return run.model_copy(update={"artefacts": tuple(artefact.ref for artefact in made)})

    def _learnt(self, point: Point) -> str:
        """Data set that the point's source network learnt; "" where it has none or that is not known."""
        if point.source is None:
            return ""
        found = self._find_source(point.source)
        return found.dataset if isinstance(found, SourceTable) else self._inventory.learnt(self._source(point.source))

    def _source(self, wanted: str | SourceTable) -> SourceRef:
        """The network: stored, imported now from a published file, or to be trained as a recipe says."""
        key = str(wanted)
        if key not in self._sources:
            found = self._find_source(wanted)
            if isinstance(found, SourceTable):
                training = plan_source(found, self._inventory, self._device)
                self.trainings[training.id] = training
                found = training.ref
            elif isinstance(found, Published):
                found = self._inventory.published_source(found)
            self._sources[key] = found
        return self._sources[key]

    def _find_source(self, wanted: str | SourceTable) -> SourceRef | SourceTable | Published:
        if isinstance(wanted, SourceTable):
            return wanted
        if (stored := self._inventory.source(wanted)) is not None:
            return stored
        tables = [recipe.source for recipe in (self._request.recipe, read_recipe("demo"))]
        known = {table.name: table for table in tables if isinstance(table, SourceTable)}
        return known.get(wanted) or IMAGENET.get(wanted) or self._inventory.absent_source(wanted)


def _check_size(model: str, size: int) -> None:
    info = models.get(model)
    if size < info.smallest:
        raise UsageError(f"{model} takes images of {info.smallest} pixels or more, data.size is {size}")
    if size % info.multiple:
        below = size - size % info.multiple
        near = f"{below} or {below + info.multiple}"
        raise UsageError(f"{model} takes multiples of {info.multiple} pixels, data.size is {size}. Take {near}")


def _check_precision(train: TrainSettings, device: Device) -> None:
    if train.precision == "tf32" and device == "cpu":
        raise UsageError("tf32 is an arithmetic of CUDA devices; on the CPU take --precision fp32")


def _resolved(data: DataSettings, info: DataInfo) -> DataSettings:
    """The settings with the data set's own padding and flip where none was asked for."""
    own = {"padding": info.padding, "flip": info.flip}
    return data.model_copy(update={key: value for key, value in own.items() if getattr(data, key) is None})
