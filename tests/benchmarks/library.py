"""The protocol library by itself, without Home Assistant around it."""

from importlib.util import module_from_spec, spec_from_file_location
import sys
from types import ModuleType

from .contender import ROOT

_FOLDER = ROOT / "custom_components" / "gsm_gateway" / "aiogsm"


def load() -> ModuleType:
    """Import ``aiogsm`` under its own name."""
    spec = spec_from_file_location(
        "aiogsm", _FOLDER / "__init__.py", submodule_search_locations=[str(_FOLDER)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["aiogsm"] = module
    spec.loader.exec_module(module)
    return module
