"""Rank and world size of this process, from torchrun's environment (PyTorch, *torchrun*, Environment Variables).

Read without torch, so that a command which is refused at once need not import it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from striate.errors import UsageError, shown

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")


@dataclass(frozen=True)
class RankInfo:
    """Rank of a process in its group (`rank` of `world_size`) and on its machine (`local_rank`)."""

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0
    local_world_size: int = 1

    @property
    def is_rank_zero(self) -> bool:
        """Whether it is the one that writes files and prints messages."""
        return self.rank == 0

    @classmethod
    def read(cls, variables: Mapping[str, str] = os.environ) -> Self:
        """The rank from environment `variables`, or that of a single process; raises `UsageError` (`bad_ranks`).

        >>> RankInfo.read({})
        RankInfo(rank=0, world_size=1, local_rank=0, local_world_size=1)
        >>> RankInfo.read({"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}).is_rank_zero
        False
        """
        if not {"RANK", "WORLD_SIZE"} <= variables.keys():
            return cls()
        given = [variables.get(name, default) for name, default in zip(NAMES, "0101", strict=True)]
        numbers = [int(text) if text.isascii() and text.isdigit() else -1 for text in given]
        if not (0 <= numbers[0] < numbers[1] and 0 <= numbers[2] < numbers[3] <= numbers[1]):
            raise UsageError("bad_ranks", "training in many processes was asked for",
                             allowed="RANK and LOCAL_RANK count from 0 to below WORLD_SIZE and LOCAL_WORLD_SIZE",
                             given=shown(", ".join(f"{k}={v}" for k, v in zip(NAMES, given, strict=True))),
                             do="Start it with torchrun, or without these variables")
        return cls(*numbers)
