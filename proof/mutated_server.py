"""Serving with one module of the server loaded from another text than its file's."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType

from cosmic_ray.exceptions import CosmicRayTestingException

from sandbox.defects import announcing_its_port

_SERVER = "sandbox.focus_server"


class FromText(MetaPathFinder):
    """Finds one module, and has it loaded from the text that it was given."""

    def __init__(self, module: str, file: str, text: str) -> None:
        self._module, self._file, self._text = module, file, text

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own specification, and that of no other."""
        if name != self._module:
            return None
        return importlib.util.spec_from_file_location(name, self._file, loader=_Loader(name, self._file, self._text))


class _Loader(SourceFileLoader):
    def __init__(self, module: str, file: str, text: str) -> None:
        super().__init__(module, file)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text: never take the cached code of the file."""
        return compile(self._text, self.path, "exec")


def serve_mutated(module: str, file: str, text: str) -> None:
    """Serve, set up by the environment, until a signal ends it; to be called in a process of its own.

    The server is loaded anew, and with it all that has taken over names of the module. Like one with a defect it says
    where its streams are.
    """
    for name in [name for name in sys.modules if name.startswith(_SERVER)]:
        del sys.modules[name]
    # What a mutant catches in the place of another exception: one that nobody raises.
    setattr(sys.modules["builtins"], CosmicRayTestingException.__name__, CosmicRayTestingException)
    sys.meta_path.insert(0, FromText(module, file, text))
    from sandbox.focus_server import composition, serving
    from sandbox.focus_server.logs import log_to_stderr
    from sandbox.focus_server.settings import Settings

    log_to_stderr()
    settings = Settings.from_environment()
    parts = composition.build_parts(settings)
    serving.serve(settings, announcing_its_port(parts))
