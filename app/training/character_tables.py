"""What this Python's Unicode tables say about letters, as data: `str.lower` and `re` then have the same answer everywhere.

Unicode grows each year; a server with other tables would cut or fold a text differently than the Python that counted the words
of the training data. Sets of characters are written as lengths of alternating runs, "48 10 7 26": 48 characters from U+0000 on
that aren't in the set, 10 that are, 7 that aren't, and so on.
"""

import re
import unicodedata
from collections.abc import Callable

UNICODE_VERSION = unicodedata.unidata_version
ALL = range(0x110000)
CAPITAL_SIGMA = 0x3A3
FINAL_SIGMA = "\u03c2"


def characters(pattern: str) -> str:
    """The set that `pattern`, a regular expression for one character, matches."""
    match = re.compile(pattern).fullmatch
    return runs(lambda code: match(chr(code)) is not None)


def lower_case() -> dict:
    """How `str.lower` changes characters.

    shifts: groups "first count step shift", joined by commas: the code points first, first + step, … become themselves + shift;
    expansions: text by code point where one character becomes several; cased, ignorable: the sets that decide whether a
    capital sigma becomes the final one (Unicode's Final_Sigma; ignorable are skipped, whether cased or not).
    """
    shifts, expansions = [], {}
    for code in ALL:
        lower = chr(code).lower()
        if len(lower) > 1:
            expansions[str(code)] = lower
        elif lower != chr(code):
            shifts.append((code, ord(lower) - code))
    return {
        "shifts": ",".join(" ".join(map(str, group)) for group in grouped(shifts)),
        "expansions": expansions,
        "cased": runs(is_cased),
        "ignorable": runs(lambda code: not is_cased(code) and becomes_final("A" + chr(code))),
    }


def is_cased(code: int) -> bool:
    """Cased and not ignorable: what a final sigma has to follow."""
    return becomes_final(chr(code))


def becomes_final(before: str) -> bool:
    return (before + chr(CAPITAL_SIGMA)).lower()[-1] == FINAL_SIGMA


def runs(contains: Callable[[int], bool]) -> str:
    lengths, inside, start = [], False, 0
    for code in ALL:
        if contains(code) != inside:
            lengths.append(code - start)
            inside, start = not inside, code
    if inside:
        lengths.append(len(ALL) - start)
    return " ".join(map(str, lengths))


def grouped(shifts: list[tuple[int, int]]) -> list[list[int]]:
    """[first, count, step, shift] for each longest arithmetic sequence (step 1 or 2) of equal shifts."""
    groups: list[list[int]] = []
    for code, shift in shifts:
        if groups:
            first, count, step, last_shift = groups[-1]
            gap = code - (first + (count - 1) * step)
            if shift == last_shift and (gap == step or (count == 1 and gap == 2)):
                groups[-1] = [first, count + 1, gap, shift]
                continue
        groups.append([code, 1, 1, shift])
    return groups
