"""striate: visual recognition with convolutional networks, and an honest answer to how well it works.

    import striate
    data = striate.load_data("digits")
    model = striate.ConvNet("lenet5", epochs=10, seed=0).fit(data.train)
    model.score(data.test)

The public names are those of `__init__.pyi`, each loaded when first used, so that `import striate` is quick and
describing a network never loads torch.
"""

from importlib import import_module

import lazy_loader

from striate._version import __version__ as __version__

_load, _, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = sorted({*_names, "__version__", "tf"} - {"tf1"})  # lazy_loader passes over `as`


def __getattr__(name: str) -> object:
    return import_module("striate.arch.formats.tf1") if name == "tf" else _load(name)


def __dir__() -> list[str]:
    return __all__
