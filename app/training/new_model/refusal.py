"""What can't be converted, and what to do then."""

from typing import NoReturn


LONGEST = 300


class Refusal(Exception):
    """The message says what is refused; `why` is a sentence, `fix` what to do."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(what)
        self.why = one_line(why)
        self.fix = fix


def one_line(text: str) -> str:
    """Converters print whole arrays into their errors."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def refuse(what: str, why: str, fix: str) -> NoReturn:
    raise Refusal(what, why, fix)
