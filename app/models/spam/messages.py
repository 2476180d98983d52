"""The messages to train on: a file in the format of the UCI SMS Spam Collection, or the made-up ones."""

import hashlib
import io
import sys
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import corpus

CLASSES = {"ham": 0, "spam": 1}
# The collection is half a megabyte.
LARGEST = 50_000_000
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Messages:
    texts: list[str]
    classes: list[int]
    # For model.json's trainedOn.
    description: str


def read(path: Path | None, url: str | None, sha256: str | None) -> Messages:
    """From `path` or `url` (a text file or a zip with one), else from corpus.py. Ends the process when they can't be had."""
    if path is None and url is None:
        rows = corpus.generate()
        description = f"made-up messages of corpus.py (seed {corpus.SEED}), not the UCI SMS Spam Collection"
    else:
        data = fetch(url) if path is None else load(path)
        checksum = hashlib.sha256(data).hexdigest()
        if sha256 is not None and checksum != sha256.lower():
            sys.exit(f"{path or url}: SHA-256 is {checksum}, expected {sha256.lower()}")
        rows = parse(unzipped(data, str(path or url)), str(path or url))
        description = f"a file in the format of the UCI SMS Spam Collection, SHA-256 {checksum}"
    classes = [spam for spam, _ in rows]
    share = f"{len(rows)} messages, {100 * sum(classes) / len(classes):.1f} % spam"
    return Messages([text for _, text in rows], classes, f"{description}: {share}")


def load(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        sys.exit(f"--data {path}: {error.strerror}")


def fetch(url: str) -> bytes:
    if urlsplit(url).scheme not in ("http", "https"):
        sys.exit(f"--data-url {url}: not an http or https URL; for a file, use --data")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            data = response.read(LARGEST + 1)
    except OSError as error:
        sys.exit(f"--data-url {url}: {error}")
    if len(data) > LARGEST:
        sys.exit(f"--data-url {url}: larger than {LARGEST} bytes")
    return data


def unzipped(data: bytes, source: str) -> bytes:
    """What is no zip is returned as it is; in one, the file that isn't the readme."""
    if not data.startswith(b"PK\x03\x04"):
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [
                entry for entry in archive.infolist() if not entry.is_dir() and "readme" not in entry.filename.lower()
            ]
            if len(files) != 1:
                sys.exit(f"{source}: one file with messages expected, it holds {[entry.filename for entry in files]}")
            if files[0].file_size > LARGEST:
                sys.exit(f"{source}: {files[0].filename} is larger than {LARGEST} bytes")
            return archive.read(files[0])
    except zipfile.BadZipFile as error:
        sys.exit(f"{source}: a damaged zip: {error}")


def parse(data: bytes, source: str) -> list[tuple[int, str]]:
    """Pairs of class and text from lines of `ham` or `spam`, a tab, the message; UTF-8."""
    try:
        lines = data.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        sys.exit(f"{source}: not UTF-8: {error}")
    rows = []
    for number, line in enumerate(lines, 1):
        label, tab, text = line.removesuffix("\r").partition("\t")
        if not tab or label not in CLASSES:
            sys.exit(f"{source}, line {number}: `ham` or `spam`, a tab and the message expected, got {line[:60]!r}")
        rows.append((CLASSES[label], text))
    if {spam for spam, _ in rows} != {0, 1}:
        sys.exit(f"{source}: messages of both kinds are needed")
    return rows
