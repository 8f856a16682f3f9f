"""The machine's GPUs, asked of the NVIDIA driver through NVML (nvidia-ml-py). No torch, and no CUDA context."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from l2t.jobs.gpus import Gpu, Process

PATIENCE = 30.0
"""Seconds that a supervisor gives the driver: it may have to wake many cards, and hang when one has failed."""


class Nvml:
    """GPUs by UUID; of a card that MIG divides its instances. A card that does not answer hides no other, and a driver
    that hangs holds nobody up twice.

    module: `pynvml`, or what stands in for it; imported with the first look. patience: seconds that the driver has for
    an answer.
    """

    def __init__(self, module: Any = None, patience: float = PATIENCE) -> None:
        self._module = module
        self.patience = patience
        self._open = False
        self._asking: threading.Thread | None = None
        self._found: list[Gpu] = []
        self._problem: str | None = None
        self._late = False
        self._last: list[Gpu] = []
        self.reason: str | None = None
        """Why the last look found no GPU, or not all; None where all is well."""

    def look(self) -> list[Gpu]:
        """The GPUs that answer, as they are now; while the driver hangs, as they last were. Never raises."""
        if self._asking is None:
            self._asking = threading.Thread(target=self._ask, name="nvml", daemon=True)
            self._asking.start()
        self._asking.join(0.0 if self._late else self.patience)
        self._late = self._asking.is_alive()
        if self._late:
            self.reason = f"the NVIDIA driver has not answered within {self.patience:g} s"
        else:
            self._asking = None
            self._last, self.reason = self._found, self._problem
        return self._last

    def _ask(self) -> None:
        self._problem = None
        try:
            self._found = self._all()
        except Exception as error:  # a driver that answers what nobody expects
            self._found, self._problem = [], f"the NVIDIA driver's answer cannot be read ({type(error).__name__})"

    def _all(self) -> list[Gpu]:
        if self._module is None:
            try:
                import pynvml
            except ImportError:
                self._problem = "the package nvidia-ml-py is missing"
                return []
            self._module = pynvml
        nvml = self._module
        try:
            if not self._open:
                nvml.nvmlInit()
                self._open = True
            count = nvml.nvmlDeviceGetCount()
        except nvml.NVMLError as error:
            self._problem = self._words(error)
            self.close()  # a driver that is loaded or replaced later is found by another look
            return []
        found: list[Gpu] = []
        for index in range(count):
            try:
                found += self._card(index)
            except nvml.NVMLError as error:
                problem = f"gpu {index} does not answer: {self._words(error)}"
                self._problem = f"{self._problem}; {problem}" if self._problem else problem
        if not count:
            self._problem = "the NVIDIA driver knows no GPU"
        return found

    def close(self) -> None:
        """Release the driver, where it does not hang."""
        if self._open and not self._late:
            self._open = False
            with suppress(self._module.NVMLError):
                self._module.nvmlShutdown()

    def _words(self, error: Exception) -> str:
        if isinstance(error, self._module.NVMLError_LibraryNotFound):
            return "no NVIDIA driver is installed (libnvidia-ml.so.1)"
        if isinstance(error, self._module.NVMLError_DriverNotLoaded):
            return "the NVIDIA driver is not loaded"
        return str(error)

    def _card(self, index: int) -> list[Gpu]:
        nvml = self._module
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        try:
            divided = nvml.nvmlDeviceGetMigMode(handle)[0] == nvml.NVML_DEVICE_MIG_ENABLE
        except nvml.NVMLError:  # most models cannot be divided
            divided = False
        if not divided:
            return [self._gpu(handle, str(index), None)]
        card = _text(nvml.nvmlDeviceGetUUID(handle))
        return [self._gpu(part, f"{index}:{number}", card) for number, part in self._instances(handle)]

    def _instances(self, handle: Any) -> Iterator[tuple[int, Any]]:
        nvml = self._module
        for number in range(nvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
            try:
                yield number, nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, number)
            except nvml.NVMLError_NotFound:
                continue

    def _gpu(self, handle: Any, index: str, card: str | None) -> Gpu:
        nvml = self._module
        # Memory is read before and after the processes: what one of ours takes or frees meanwhile is nobody else's.
        before = self._memory(handle)
        processes = self._processes(handle)
        after = self._memory(handle)
        use = self._measured(nvml.nvmlDeviceGetUtilizationRates, handle)
        milliwatts = self._measured(nvml.nvmlDeviceGetPowerUsage, handle)
        return Gpu(
            uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
            index=index,
            name=_text(nvml.nvmlDeviceGetName(handle)),
            total=int(after.total),
            used=min(int(before.used), int(after.used)),
            processes=processes,
            utilisation=None if use is None else float(use.gpu),
            card=card,
            temperature=self._measured(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
            power=None if milliwatts is None else milliwatts / 1000,
        )

    def _measured(self, question: Callable[..., Any], *arguments: Any) -> Any:
        """What the driver answers; None for what it does not measure, as of MIG instances."""
        try:
            return question(*arguments)
        except self._module.NVMLError:
            return None

    def _memory(self, handle: Any) -> Any:
        nvml = self._module
        try:  # the second version leaves out what the driver keeps for itself, up to 1 GB on large cards
            return nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2)
        except (nvml.NVMLError_FunctionNotFound, nvml.NVMLError_NotSupported):
            return nvml.nvmlDeviceGetMemoryInfo(handle)

    def _processes(self, handle: Any) -> tuple[Process, ...] | None:
        """None where the driver hides those that compute. Those that draw are of interest for their memory alone."""
        nvml = self._module
        try:
            computing = nvml.nvmlDeviceGetComputeRunningProcesses(handle)
        except nvml.NVMLError:
            return None
        try:
            drawing = nvml.nvmlDeviceGetGraphicsRunningProcesses(handle)
        except nvml.NVMLError:
            drawing = []
        found = {entry.pid: Process(entry.pid, entry.usedGpuMemory, "graphics") for entry in drawing}
        found |= {entry.pid: Process(entry.pid, entry.usedGpuMemory) for entry in computing}
        return tuple(found[pid] for pid in sorted(found))


def _text(value: str | bytes) -> str:
    """Older versions of the package give bytes."""
    return value.decode() if isinstance(value, bytes) else value
