"""A question about a state is answered once for as long as nothing that it reads has changed.

One event changes a part or two of a state and leaves the others the very same objects, yet every step asks the same dozen questions.
So each question that reads many meetings names the parts that it reads. While these are the same objects as last time, its last answer
is still right. A test watches that no question reads a part that it does not name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from operator import attrgetter, is_
from typing import Concatenate, ParamSpec, TypeVar

from mentorship.state import State

P = ParamSpec("P")
R = TypeVar("R")

QUESTIONS: dict[Callable[..., object], frozenset[str]] = {}
"""The parts that each question reads: all that its answer depends on."""


def remembered(*reads: str) -> Callable[[Callable[Concatenate[State, P], R]], Callable[Concatenate[State, P], R]]:
    """`reads` are at least two fields of State. The question's other arguments are positional and hashable, and nobody changes its answer."""
    parts_of = attrgetter(*reads)

    def around(question: Callable[Concatenate[State, P], R]) -> Callable[Concatenate[State, P], R]:
        def ask(state: State, /, *args: P.args, **kwargs: P.kwargs) -> R:
            parts, asked = parts_of(state), (question, *args)
            known = state.memory.get(asked)
            if known is not None and all(map(is_, known[0], parts)):
                answer: R = known[1]
                return answer
            answer = question(state, *args, **kwargs)
            state.memory[asked] = (parts, answer)
            return answer

        QUESTIONS[question] = frozenset(reads)
        return update_wrapper(ask, question)

    return around
