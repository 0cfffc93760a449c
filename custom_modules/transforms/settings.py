"""Checks of the settings that transforms share."""


def check_probability(owner: object, **settings: float) -> None:
    """Refuse shares and probabilities out of range.

    Args:
        owner: The transform, for the message.
        settings: Values by name.

    Raises:
        ValueError: A value is not from 0 to 1.
    """
    for name, value in settings.items():
        if not 0 <= value <= 1:
            raise ValueError(f'{type(owner).__name__}: {name} is {value}; give a number from 0 to 1')


def check_range(owner: object, **settings: tuple[float, float]) -> None:
    """Refuse ranges of factors that are upside down or reach 0.

    Args:
        owner: The transform, for the message.
        settings: Least and largest factor by name.

    Raises:
        ValueError: The least is not above 0, or larger than the largest.
    """
    for name, (least, largest) in settings.items():
        if not 0 < least <= largest:
            raise ValueError(
                f'{type(owner).__name__}: {name} is {(least, largest)}; give the least and the largest factor, above 0'
            )


def check_above_zero(owner: object, **settings: float) -> None:
    """Refuse what is not above 0.

    Args:
        owner: The transform, for the message.
        settings: Values by name.

    Raises:
        ValueError: A value is not above 0.
    """
    for name, value in settings.items():
        if not value > 0:
            raise ValueError(f'{type(owner).__name__}: {name} is {value}; give a number above 0')


def check_count_range(owner: object, **settings: tuple[int, int]) -> None:
    """Refuse ranges of numbers that are upside down or below 0.

    Args:
        owner: The transform, for the message.
        settings: Least and largest number by name.

    Raises:
        ValueError: The least is below 0, or larger than the largest.
    """
    for name, value in settings.items():
        if not 0 <= value[0] <= value[1]:
            raise ValueError(f'{type(owner).__name__}: {name} is {value}; give the least and the largest number')
