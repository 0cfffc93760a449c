"""Compiled sorting of the boxes of one picture: equal scores keep their input order."""

from custom_modules.utils.jit import kernel


@kernel
def largest_picture(first, last, starts):
    """Return how many rows the largest of the pictures ``first`` to ``last`` has."""
    size = 0
    for picture in range(first, last):
        size = max(size, starts[picture + 1] - starts[picture])
    return size


@kernel
def order_by_label(labels, scores, used, start, stop, order, spare, ends):
    """Order the used rows ``start`` to ``stop`` by label, ascending, and inside a label by score, falling.

    Args:
        order: Filled with the rows, from 0 on.
        spare: As long as ``order``; overwritten.
        ends: (K,) int64, filled with the position in ``order`` after the rows of each label.

    Returns:
        How many rows are used.
    """
    count = group_by_label(labels, used, start, stop, order, ends)
    first = 0
    for label in range(len(ends)):
        sort_falling(scores, order, spare, first, ends[label])
        first = ends[label]
    return count


@kernel
def group_by_label(labels, used, start, stop, order, ends):
    """Order the used rows by label, ascending, and inside a label as they come; see :func:`order_by_label`."""
    for label in range(len(ends)):
        ends[label] = 0
    for row in range(start, stop):
        if used[row]:
            ends[labels[row]] += 1
    count = 0
    for label in range(len(ends)):
        size = ends[label]
        ends[label] = count
        count += size
    for row in range(start, stop):
        if used[row]:
            order[ends[labels[row]]] = row
            ends[labels[row]] += 1
    return count


@kernel
def sort_falling(keys, order, spare, first, stop):
    """Sort ``order[first:stop]`` by falling ``keys[order]``; equal keys stay in their order.

    A merge sort that starts from what is sorted already: the predictions of one model usually are.
    """
    while True:
        at, runs = first, 0
        while at < stop:
            middle = _end_of_run(keys, order, at, stop)
            end = _end_of_run(keys, order, middle, stop)
            if at == first and middle == stop:
                return
            _merge(keys, order, spare, at, middle, end)
            at = end
            runs += 1
        for place in range(first, stop):
            order[place] = spare[place]
        if runs <= 1:
            return


@kernel
def _end_of_run(keys, order, at, stop):
    """Return the position after the falling run that begins at ``at``."""
    if at >= stop:
        return stop
    at += 1
    while at < stop and keys[order[at - 1]] >= keys[order[at]]:
        at += 1
    return at


@kernel
def _merge(keys, order, spare, first, middle, stop):
    """Merge the falling runs ``order[first:middle]`` and ``order[middle:stop]`` into ``spare[first:stop]``."""
    left, right = first, middle
    for at in range(first, stop):
        if right == stop or (left < middle and keys[order[left]] >= keys[order[right]]):
            spare[at] = order[left]
            left += 1
        else:
            spare[at] = order[right]
            right += 1
