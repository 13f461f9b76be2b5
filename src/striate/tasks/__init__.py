"""One training run from pictures to report, in a folder of its own.

Names are loaded when first used: a process that only trains does not wait for what draws reports.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
