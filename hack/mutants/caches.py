"""A pytest plugin that empties the caches of the code.

mutmut forks the process of each mutant from one that ran the tests. Cached results would hide mutants.
"""

import sys


def pytest_sessionstart() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("sagemaker_ab."):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
