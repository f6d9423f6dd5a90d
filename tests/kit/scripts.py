"""The Python programs in script/, which have no ending that import knows, as modules."""

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

DIRECTORY = Path(__file__).parents[2] / "script"


def load_script(name: str) -> ModuleType:
    """Return the program script/``name`` as a module; nothing is written beside it."""
    loader = SourceFileLoader(f"script_{name.replace('-', '_')}", str(DIRECTORY / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module  # dataclasses look their module up
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    return module
