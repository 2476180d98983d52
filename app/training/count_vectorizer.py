"""scikit-learn's CountVectorizer (and the counting half of TfidfVectorizer) as vectorizer.json, which the server counts by."""

import json
import re

import numpy
import sklearn
from sklearn.feature_extraction.text import CountVectorizer

from training import character_tables

# (?u), a group around all, \b at either end; one class, repeated, then `+`, `*` or `{n,}`.
TOKEN_PATTERN = re.compile(
    r"(?:\(\?u\))?(?P<open>\()?(?P<left>\\b)?(?P<class>\\w|\[(?:\\.|[^\]\\])+\])(?P<more>(?:(?P=class))*)"
    r"(?P<times>\+|\*|\{\d+,\})(?P<right>\\b)?(?P<close>\))?"
)


class Unsupported(Exception):
    """What the server can't count as scikit-learn does; the message says what it is and what to do."""


def describe(vectorizer: CountVectorizer, columns: numpy.ndarray | None = None) -> bytes:
    """vectorizer.json of a fitted vectorizer.

    columns: indices of the features to keep, ascending, when a model uses only these; the served row is as wide.
    Raises Unsupported.
    """
    pattern, minimum = token_pattern(vectorizer)
    spaces = vectorizer.ngram_range[1] > 1 and re.fullmatch(pattern, " ")
    refuse(spaces, f"n-grams of tokens that may hold spaces ({vectorizer.token_pattern!r})", "ngram_range=(1, 1)")
    vocabulary = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get)
    if columns is not None:
        vocabulary = [vocabulary[column] for column in columns]
    content = {
        "source": f"scikit-learn {sklearn.__version__}",
        "unicode": character_tables.UNICODE_VERSION,
        "tokens": {"characters": character_tables.characters(pattern), "minLength": minimum},
        "ngramRange": [int(n) for n in vectorizer.ngram_range],
        "binary": bool(vectorizer.binary),
        "stopWords": sorted(vectorizer.get_stop_words() or []),
        "vocabulary": [str(term) for term in vocabulary],
    }
    if vectorizer.lowercase:
        content["lowercase"] = character_tables.lower_case()
    return one_line_a_field(content)


def token_pattern(vectorizer: CountVectorizer) -> tuple[str, int]:
    """The class of characters that tokens are made of, and their least number. Raises Unsupported."""
    refuse(vectorizer.analyzer != "word", f"analyzer={vectorizer.analyzer!r}", 'analyzer="word"')
    refuse(vectorizer.input != "content", f"input={vectorizer.input!r}", 'input="content"')
    refuse(vectorizer.strip_accents is not None, f"strip_accents={vectorizer.strip_accents!r}", "strip_accents=None")
    for own in ("preprocessor", "tokenizer"):
        refuse(getattr(vectorizer, own) is not None, f"a {own} of your own", f"{own}=None and a token_pattern")
    allowed = r'token_pattern=r"(?u)\b\w\w+\b", another number of \w, or one class without \b as "[a-z]{2,}"'
    match = TOKEN_PATTERN.fullmatch(vectorizer.token_pattern)
    refused = match is None or bool(match["open"]) != bool(match["close"])
    # With \b, runs of another class than \w need not end where a word does.
    refused = refused or (match["class"] != r"\w" and bool(match["left"] or match["right"]))
    refuse(refused, f"token_pattern={vectorizer.token_pattern!r}", allowed)
    before, times = len(match["more"]) // len(match["class"]), match["times"]
    minimum = before + (int(times.strip("{,}")) if times.startswith("{") else "*+".index(times))
    refuse(minimum == 0, f"token_pattern={vectorizer.token_pattern!r}, which matches the empty text", allowed)
    return match["class"], minimum


def refuse(refused: object, what: str, instead: str) -> None:
    if refused:
        raise Unsupported(f"the vectorizer has {what}, which can't be served. Train it again with {instead}.")


def one_line_a_field(content: dict) -> bytes:
    fields = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in content.items()]
    return ("{\n" + ",\n".join(fields) + "\n}\n").encode("utf-8")
