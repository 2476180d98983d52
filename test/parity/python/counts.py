"""scikit-learn's own counts: what the TypeScript vectorizer has to give.

Standard input: {"options": {...}, "fit": [texts], "texts": [texts], "out": folder}. Writes into the folder vectorizer.json, as
a train.py does, and counts.json: for each text its columns and counts, [column, count, column, count, …].
"""

import json
import sys
from pathlib import Path

from sklearn.feature_extraction.text import CountVectorizer

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "app"))

from training import count_vectorizer


def main() -> None:
    question = json.loads(sys.stdin.buffer.read())
    options = question["options"]
    if "ngram_range" in options:
        options["ngram_range"] = tuple(options["ngram_range"])
    vectorizer = CountVectorizer(**options).fit(question["fit"])
    counts = vectorizer.transform(question["texts"]).tocsr()
    rows = []
    for start, end in zip(counts.indptr, counts.indptr[1:]):
        row = []
        for column, count in zip(counts.indices[start:end], counts.data[start:end]):
            row += [int(column), int(count)]
        rows.append(row)
    out = Path(question["out"])
    (out / "vectorizer.json").write_bytes(count_vectorizer.describe(vectorizer))
    (out / "counts.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
