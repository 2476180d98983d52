"""A model's folder as the server reads it.

  <name>/model.json               what the model takes and answers, and its versions with the SHA-256 of their files
  <name>/<version>/model.onnx     and what else a version has: vectorizer.json, saved_model.pb, …
  <name>/<version>/golden.json    requests with the answers of the original framework

Nothing is ever half there: a version is written beside its place and renamed into it, model.json is replaced as a whole.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

# What the server loads of a version's files, and therefore checks.
CHECKED_FILES = ("model.onnx", "vectorizer.json")


def add_arguments(parser: argparse.ArgumentParser, folder: Path) -> None:
    """--out, --version and --replace, which every train.py has. `folder` is the default of --out."""
    parser.add_argument("--out", type=Path, default=folder, help="folder to write to (default: the model's own)")
    parser.add_argument("--version", type=positive, help="version number, a folder name (default: the next one)")
    parser.add_argument("--replace", action="store_true", help="overwrite a version that is there and differs")


def positive(text: str) -> int:
    number = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: versions are whole numbers from 1 to 999999999")
    return number


def next_version(folder: Path) -> int:
    """One more than the highest version in `folder`; 1 when there is none."""
    taken = [int(entry.name) for entry in folder.glob("*") if re.fullmatch("[1-9][0-9]*", entry.name)]
    return max([0, *taken, *map(int, read_versions(folder))]) + 1


def read_versions(folder: Path) -> dict:
    path = folder / "model.json"
    return json.loads(path.read_text(encoding="utf-8"))["versions"] if path.exists() else {}


def publish(options: argparse.Namespace, metadata: dict, facts: dict, files: dict[str, bytes], golden: dict) -> None:
    """Adds a version to the folder `options.out`, as write_version does, and says so on stderr.

    Ends the process with a line there when the version is there already and would change.
    """
    folder, version = options.out, options.version or next_version(options.out)
    content = content_of(metadata["name"], version, files, golden)
    target = folder / str(version)
    changed = differences(target, content)
    if target.exists() and changed and not options.replace:
        sys.exit(
            f"{target} is there and would change: {', '.join(changed)}. "
            "Leave --version out for the next number, or add --replace."
        )
    write_version(folder, version, metadata, facts, content)
    print(f"{target}: {'written' if changed else 'unchanged'}", file=sys.stderr)


def content_of(name: str, version: int, files: dict[str, bytes], golden: dict) -> dict[str, bytes]:
    """All files of a version by path; golden: golden.json without `model` and `version`."""
    return {**files, "golden.json": to_json({"model": name, "version": str(version), **golden})}


def write_version(folder: Path, version: int, metadata: dict, facts: dict, content: dict[str, bytes]) -> None:
    """metadata: model.json without `versions`; facts: the version's entry there without `files`; content: of content_of."""
    own = {"files": {name: sha256(content[name]) for name in CHECKED_FILES if name in content}, **facts}
    versions = {**read_versions(folder), str(version): own}
    versions = {key: versions[key] for key in sorted(versions, key=int)}
    folder.mkdir(parents=True, exist_ok=True)
    # An entry without a folder is served by nobody, a folder without an entry would be a fault: hence this order.
    replace_file(folder / "model.json", to_json({**metadata, "versions": versions}))
    if differences(folder / str(version), content):
        replace_folder(folder / str(version), content)


def differences(folder: Path, content: dict[str, bytes]) -> list[str]:
    """Paths below `folder` that aren't as in `content`, sorted."""
    there = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return sorted(
        name
        for name in {*there, *content}
        if name not in there or name not in content or there[name].read_bytes() != content[name]
    )


def replace_file(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    os.replace(partial, path)


def replace_folder(folder: Path, content: dict[str, bytes]) -> None:
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh = partial / "new"
        for name, data in content.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(data)
        if folder.exists():
            folder.rename(partial / "old")
        fresh.rename(folder)
    finally:
        shutil.rmtree(partial)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def to_json(value: dict) -> bytes:
    """One line per request keeps diffs of golden.json readable; everything else is indented."""
    requests = value.get("requests")
    if requests is None:
        text = json.dumps(value, indent=2)
    else:
        rows = ",\n    ".join(json.dumps(request) for request in requests)
        text = json.dumps({**value, "requests": []}, indent=2).replace(
            '"requests": []', f'"requests": [\n    {rows}\n  ]'
        )
    return (text + "\n").encode("utf-8")
