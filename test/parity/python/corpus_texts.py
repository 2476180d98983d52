"""The spam corpus as a JSON list of texts on standard output."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "app" / "models" / "spam"))

import corpus

json.dump([text for _, text in corpus.generate()], sys.stdout)
