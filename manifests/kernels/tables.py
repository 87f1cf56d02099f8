"""Tables that are made of Python's own and of data files, kept, since each process would make them at its import."""

import pickle
from collections.abc import Callable
from typing import TypeVar

from maslin.manifests.kernels import store

Table = TypeVar("Table")


def kept(module: str, name: str, make: Callable[[], Table]) -> Table:
    """What `make` gives, made where it is not kept yet for the code of the module, all it imports and this Python."""
    file = store.stem(module, name)
    if (content := store.read(file)) is not None:
        return pickle.loads(content)
    table = make()
    store.write(file, pickle.dumps(table, protocol=5))
    return table
