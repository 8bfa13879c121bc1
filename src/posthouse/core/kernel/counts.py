"""Numbers with their nouns, in English: what commands and findings say."""


def counted(number: int, one: str, many: str = "") -> str:
    """``1 template``, ``1,204 templates``; ``many`` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
