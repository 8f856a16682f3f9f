"""The first line of a sweep: what nobody typed."""

from l2t.methods.registry import methods as registry
from l2t.spec.request import PROTOCOL, SweepRequest
from l2t.spec.values import write_seeds


def headline(request: SweepRequest) -> str:
    """One line: what the recipe says for all that was not given."""
    recipe = request.recipe
    blocks = recipe.sweep or (recipe,)
    parts = []
    methods = dict.fromkeys(name for block in blocks for name in block.methods or recipe.methods)
    datasets = dict.fromkeys(name for block in blocks for name in block.datasets or recipe.datasets)
    shots = sorted({number for block in blocks for number in block.shots or recipe.shots})
    for word, given, values in (
        ("methods", request.methods, methods),
        ("data", request.datasets, datasets),
        ("shots", request.shots, shots),
    ):
        if values and not given:
            parts.append(f"{word} {', '.join(map(str, values))}")
    if not request.seeds and recipe.seeds:
        seeds, number = write_seeds(recipe.seeds), len(recipe.seeds)
        parts.append(f"{seeds} seed{'s' * (number > 1)}" if seeds == str(number) else f"seeds {seeds}")
    if not request.sources and recipe.source is not None:
        parts.append(f"source {recipe.source if isinstance(recipe.source, str) else recipe.source.name}")
    configs = {name: registry.get(name) for name in request.methods or methods if name in registry}
    if not request.targets and not all(config.same_architecture for config in configs.values()):
        parts.append(f"target {recipe.target}")
    given_settings = {setting.name for setting in request.settings}
    used = {
        key: value
        for key, value in recipe.method.items()
        if key in configs or any(key in config.model_fields for config in configs.values())
    }
    for section, table in (("train", recipe.train), ("data", recipe.data), ("method", used)):
        parts += [
            f"{section}.{key}={value}" for key, value in table.items() if f"{section}.{key}" not in given_settings
        ]
    base = f"recipe {recipe.name}" if recipe.name != PROTOCOL else "the protocol's defaults"
    return f"from {base}: {'; '.join(parts) or 'all settings that were not given'}"
