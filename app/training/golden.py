"""golden.json: what the served model has to answer, as POST /predict words it."""

import numpy

# Enough for float32 and for every tolerance in use; more digits would differ between processors.
DECIMALS = 9


def classifier_requests(
    instances: list, labels: list[str], predicted: numpy.ndarray, probabilities: numpy.ndarray, decimals: int = DECIMALS
) -> list[dict]:
    """predicted: indices into `labels`, a row each; probabilities: float [rows, labels]."""
    return [
        {
            "instance": instance,
            "prediction": {"label": labels[label], "probabilities": [round(float(p), decimals) for p in row]},
        }
        for instance, label, row in zip(instances, predicted, probabilities, strict=True)
    ]
