"""Splitting a data set so that each part has its share of every class."""

from collections.abc import Mapping, Sequence

import numpy as np


def part_sizes(num_images: int, *, val: float, test: float = 0.0) -> dict[str, int]:
    """Turn fractions into numbers of pictures.

    Args:
        num_images: Pictures in all.
        val: Fraction for validation, 0 to 1.
        test: Fraction for the test, 0 to 1.

    Returns:
        Pictures of ``train``, ``val`` and ``test``; at least one where the fraction is above 0.
    """
    sizes = {name: max(1, round(share * num_images)) if share else 0 for name, share in (('val', val), ('test', test))}
    return {'train': num_images - sum(sizes.values()), **sizes}


def stratified_parts(objects: Sequence[Mapping[int, int]], sizes: Sequence[int], *, seed: int = 0) -> np.ndarray:
    """Deal pictures to parts by iterative stratification.

    The class with the fewest pictures left is dealt first, each of its
    pictures to the part that still lacks most of that class, after Sechidis,
    Tsoumakas and Vlahavas, "On the stratification of multi-label data" (2011),
    algorithm 1.  Other than there, objects are counted, not pictures, those
    with most objects are dealt first, and parts have exactly the sizes asked
    for.  Pictures that look alike are not kept together.

    Args:
        objects: For each picture the number of objects by class; may be empty.
        sizes: Pictures per part; they add up to ``len(objects)``.
        seed: Decides ties and the order within a class.

    Returns:
        (N,) int64, the part of each picture.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(objects))
    left = np.array(sizes, dtype=np.int64)
    assert left.sum() == len(objects)
    waiting = {label: [i for i in order if label in objects[i]] for label in sorted(set().union(*objects))}
    wanted = {
        label: left / len(objects) * sum(objects[i][label] for i in members) for label, members in waiting.items()
    }
    parts = np.full(len(objects), -1, dtype=np.int64)

    def deal(image: int, need: np.ndarray) -> None:
        part = max(np.flatnonzero(left), key=lambda p: (need[p], left[p], generator.random()))
        parts[image] = part
        left[part] -= 1
        for label, count in objects[image].items():
            wanted[label][part] -= count

    while waiting:
        rarest = min(waiting, key=lambda label: (len(waiting[label]), label))
        for image in sorted(waiting.pop(rarest), key=lambda i: -objects[i][rarest]):
            deal(image, wanted[rarest])
        waiting = {label: [i for i in members if parts[i] < 0] for label, members in waiting.items()}
    for image in order[parts[order] < 0]:
        deal(image, left)
    return parts


def select_images(content: dict, image_ids: set[int], *, with_annotations: bool = True) -> dict:
    """Cut a COCO file down to some of its images.

    Args:
        content: The file's content.
        image_ids: The images to keep.
        with_annotations: Keep their annotations; otherwise the list is empty.

    Returns:
        The content with the records unchanged and in their order.
    """
    annotations = content.get('annotations') or [] if with_annotations else []
    return {
        **content,
        'images': [image for image in content['images'] if image['id'] in image_ids],
        'annotations': [record for record in annotations if record['image_id'] in image_ids],
    }
