"""Whether a history of requests on one register could have happened one after another.

A request is a `Request`: what was asked, when it left, when its answer came (None where none came: it may have been
done at any later moment, or never), and what the answer was. The register holds a number or None.

    read    answer: the value
    write   argument: the value                          answer: the value before
    add     argument: the amount                         answer: the value afterwards; None counts as 0
    delete                                               answer: the value before
    swap    argument: (what it must hold, new value)     answer: (whether it did, the value before where it did not)

The search is Wing and Gong's with Lowe's memory, as in the Swift tests' `Linearizability`.
"""

import dataclasses

PLACES_MAX = 500_000


@dataclasses.dataclass(frozen=True)
class Request:
    """One request and its answer."""

    kind: str
    begin: int
    end: int | None = None
    argument: object = None
    answer: object = None


class Undecided(Exception):
    """Too many requests at once."""


def step(state, request):
    """The states that the request can leave: none where its answer cannot be."""
    known = request.end is not None
    if request.kind == "read":
        return [state] if not known or request.answer == state else []
    if request.kind == "write":
        return [request.argument] if not known or request.answer == state else []
    if request.kind == "delete":
        return [None] if not known or request.answer == state else []
    if request.kind == "add":
        after = (state or 0) + request.argument
        return [after] if not known or request.answer == after else []
    if request.kind == "swap":
        wanted, new = request.argument
        holds = state == wanted
        if known and request.answer != (holds, None if holds else state):
            return []
        return [new if holds else state]
    raise ValueError(request.kind)


def explain(history, initial=None):
    """None for a linearizable history; else a sentence that says where every explanation ends."""
    done = sorted((request for request in history if request.end is not None), key=lambda request: request.begin)
    lost = [request for request in history if request.end is None and request.kind != "read"]
    start = (0, (), frozenset(), initial)
    seen, stack, deepest = {start}, [start], start
    while stack:
        place = stack.pop()
        floor, ahead, opened, state = place
        if floor == len(done):
            return None
        if floor + len(ahead) > deepest[0] + len(deepest[1]):
            deepest = place
        candidates, first_end = _candidates(done, floor, ahead)
        following = []
        for index in candidates:
            for after in step(state, done[index]):
                moved_floor, moved_ahead = _advance(floor, ahead, index)
                following.append((moved_floor, moved_ahead, opened, after))
        for index, request in enumerate(lost):
            if index not in opened and request.begin < first_end:
                following += [
                    (floor, ahead, opened | {index}, after) for after in step(state, request) if after != state
                ]
        for moved in following:
            if moved not in seen:
                if len(seen) >= PLACES_MAX:
                    raise Undecided(f"{len(history)} requests, {len(lost)} without an answer")
                seen.add(moved)
                stack.append(moved)
    floor, ahead, _, state = deepest
    left = [done[index] for index in _candidates(done, floor, ahead)[0]]
    return f"{floor + len(ahead)} of {len(done)} answers are explained and leave {state}; then none of {left}"


def _candidates(done, floor, ahead):
    """Requests that may come next, and the first end of any that is not explained."""
    first_end, found = float("inf"), []
    for index in range(floor, len(done)):
        if index in ahead:
            continue
        if done[index].begin >= first_end:
            break
        first_end = min(first_end, done[index].end)
        found.append(index)
    return [index for index in found if done[index].begin < first_end], first_end


def _advance(floor, ahead, index):
    ahead = set(ahead) | {index}
    while floor in ahead:
        ahead.remove(floor)
        floor += 1
    return floor, tuple(sorted(ahead))
