"""What a "module:function" of a table stands for: imported when it is asked for, and not before."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def load(target: str) -> Callable[..., Any]:
    """Return the function that "module:function" names."""
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
