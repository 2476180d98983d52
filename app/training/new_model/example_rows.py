"""Rows to compare an original and its conversion by, where the user gives none."""

import numpy

ROWS = 500
SEED = 0


def numbers(width: int, centre: numpy.ndarray | float = 0.0, spread: numpy.ndarray | float = 1.0) -> numpy.ndarray:
    """float64 [ROWS, width] around `centre`, mostly within two `spread`: short numbers that float32 holds exactly."""
    random = numpy.random.default_rng(SEED)
    spread = numpy.broadcast_to(numpy.where(numpy.asarray(spread) > 0, spread, 1.0), (width,))
    step = 2.0 ** numpy.floor(numpy.log2(spread) - 4)
    rows = centre + spread * random.normal(scale=1.5, size=(ROWS, width))
    return (numpy.round(rows / step) * step).astype(numpy.float32).astype(numpy.float64)


def like_training(estimator, width: int) -> numpy.ndarray:
    """Rows where a fitted scikit-learn estimator has something to decide, as far as it tells."""
    for part in parts(estimator):
        if (
            getattr(part, "mean_", None) is not None
            and getattr(part, "scale_", None) is not None
            and fits(part.mean_, width)
        ):
            return numbers(width, part.mean_, part.scale_)
        if hasattr(part, "data_min_") and fits(part.data_min_, width):
            return numbers(width, (part.data_min_ + part.data_max_) / 2, (part.data_max_ - part.data_min_) / 4)
        if hasattr(part, "support_vectors_") and part.support_vectors_.shape[1] == width:
            vectors = numpy.asarray(part.support_vectors_)
            return numbers(width, vectors.mean(axis=0), vectors.std(axis=0))
        if hasattr(part, "tree_"):
            return numbers(width, *thresholds(estimator, width))
    return numbers(width)


def fits(value, width: int) -> bool:
    return numpy.shape(value) == (width,)


def parts(estimator) -> list:
    """The estimator and those within it, outer first, a pipeline's in its order."""
    inner = []
    for _, step in getattr(estimator, "steps", []):
        inner.append(step)
    fitted = getattr(estimator, "estimators_", [])
    inner.extend(numpy.ravel(numpy.asarray(fitted, dtype=object))[:100])
    return [estimator, *[part for one in inner if one is not None and not isinstance(one, str) for part in parts(one)]]


def thresholds(estimator, width: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Middle and half the range of what trees compare each feature with."""
    low, high = numpy.full(width, numpy.inf), numpy.full(width, -numpy.inf)
    for part in parts(estimator):
        if hasattr(part, "tree_"):
            used = part.tree_.feature >= 0
            features, values = part.tree_.feature[used], part.tree_.threshold[used]
            numpy.minimum.at(low, features, values)
            numpy.maximum.at(high, features, values)
    unused = low > high
    low[unused], high[unused] = 0, 1
    return (low + high) / 2, (high - low) / 2


def texts(vocabulary: list[str]) -> list[str]:
    """Texts of a few terms each, in several spellings, and some that hold none or are in other scripts."""
    random = numpy.random.default_rng(SEED)
    made = []
    for _ in range(ROWS - len(ODD_TEXTS)):
        words = [vocabulary[index] for index in random.integers(len(vocabulary), size=random.integers(1, 25))]
        text = str(random.choice([" ", " ", " ", ", ", "-", "!"])).join(words)
        made.append([text, text, text.upper(), text.capitalize()][random.integers(4)])
    # Among the first, which golden.json keeps.
    return [*made[:20], *ODD_TEXTS, *made[20:]]


ODD_TEXTS = [
    "",
    " ",
    "a",
    "!?.",
    "nothing of this was ever seen zzzqqq",
    "😂👍🏽 🇮🇪",
    "مرحبا كيف حالك",
    "恭喜您中奖了",
    "Вы выиграли приз",
    "İI ı ΟΔΥΣΣΕΥΣ Straße ﬁn",
    "résumé re\u0301sume\u0301",
    "x" * 5000,
]
