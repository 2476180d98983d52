"""Loads a pickle or joblib file. Doing so runs what the file says, which is why it happens here and nowhere else."""

import pickle
import sys
import warnings
from pathlib import Path

import joblib
import sklearn
from sklearn.exceptions import InconsistentVersionWarning

from training.new_model.refusal import Refusal, refuse

EXPORT = "convert it with the library's own exporter (onnxmltools, torch.onnx, …) and pass the .onnx file to --from"


def load(path: Path):
    """The object. Raises Refusal."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loaded = joblib.load(path)
    except Refusal:
        raise
    except ModuleNotFoundError as error:
        refuse(
            f"{path} needs the Python package {error.name!r}",
            "a pickle holds names of classes, not the classes",
            f"pass --requirements FILE, a requirements file that has it too; code of your own can't be served: {EXPORT}",
        )
    except AttributeError as error:
        refuse(
            f"{path} needs code that isn't there",
            f"{error}: a class or function of the script that wrote the file, or of another version of a library",
            "use the library's own classes only (for a FunctionTransformer, do its work before the request), or pass "
            "--requirements FILE with the versions it was trained with",
        )
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        ImportError,
        OSError,
    ) as error:
        refuse(
            f"{path} can't be loaded as a pickle or joblib file",
            f"{type(error).__name__}: {error}",
            "check that the file is complete; a file of other versions of Python, NumPy or scikit-learn needs "
            "--requirements FILE with these",
        )
    for warning in caught:
        if isinstance(warning.message, InconsistentVersionWarning):
            check_version(path, warning.message.original_sklearn_version)
    return loaded


def check_version(path: Path, trained: str) -> None:
    """Attributes change between minor versions of scikit-learn; a model may then load and answer wrongly."""
    if trained.split(".")[:2] == sklearn.__version__.split(".")[:2]:
        print(f"note: trained with scikit-learn {trained}, converted with {sklearn.__version__}", file=sys.stderr)
        return
    refuse(
        f"{path} was written by scikit-learn {trained}, this is {sklearn.__version__}",
        "scikit-learn promises nothing for files of another version: answers may differ without an error",
        f"copy app/models/requirements.txt, change it to scikit-learn=={trained} (and what goes with it) and pass it to "
        "--requirements; or train again with this version",
    )
