"""The IDX format of the MNIST files: a magic number, the dimensions, unsigned bytes."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNSIGNED_BYTE = 0x08
LABELLED: dict[str, Any] = {"images": Path, "labels": Path, "sha256": [str]}
"""What `read_labelled` takes, as options of a step."""


class IdxError(SystemExit):
    """Data that cannot be used; a step that does not catch it ends with its message."""


def read(path: Path, ndim: int, sha256: str) -> NDArray[np.uint8]:
    """Map an uncompressed IDX file of unsigned bytes into memory, read-only.

    Parameters
    ----------
    path : Path
    ndim : int
        The dimensions that the file must have: 3 for images, 1 for labels.
    sha256 : str
        The SHA-256 that the file must have.

    Returns
    -------
    ndarray of uint8
        In the shape that the file states.

    Raises
    ------
    IdxError
        If the file is not such a file, with what it holds instead.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise IdxError(f"{path}: {error.strerror}") from None
    with file:
        size = path.stat().st_size
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sha256:
            raise IdxError(
                f"{path}: has the SHA-256 {digest}, expected {sha256}; "
                "it has changed since its download: delete it"
            )
        file.seek(0)
        magic = file.read(4)
        if len(magic) < 4 or magic[:2] != b"\0\0":
            raise IdxError(f"{path}: not an IDX file, it begins with {magic!r}")
        if magic[2] != UNSIGNED_BYTE:
            raise IdxError(
                f"{path}: holds values of IDX type 0x{magic[2]:02x}, "
                f"expected unsigned bytes (0x{UNSIGNED_BYTE:02x})"
            )
        if magic[3] != ndim:
            raise IdxError(f"{path}: has {magic[3]} dimensions, expected {ndim}")
        header = file.read(4 * ndim)
    if len(header) < 4 * ndim:
        raise IdxError(f"{path}: ends within its header, after {size} bytes")
    shape = tuple(int(n) for n in np.frombuffer(header, ">u4"))
    offset = 4 + len(header)
    expected = offset + int(np.prod(shape, dtype=object))
    if size != expected:
        raise IdxError(
            f"{path}: holds {size} bytes, but its header {shape} calls for {expected}"
        )
    if 0 in shape:
        raise IdxError(f"{path}: is empty, its header says {shape}")
    return np.memmap(path, np.uint8, "r", offset, shape)


def read_labelled(
    images: Path, labels: Path, sha256: Sequence[str], classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Read images and their labels.

    Parameters
    ----------
    images, labels : Path
    sha256 : sequence of str
        The SHA-256 of both.
    classes : int
        The number of classes.

    Returns
    -------
    x : ndarray of uint8, (instances, height, width)
    t : ndarray of int, (instances,)

    Raises
    ------
    IdxError
        If either file is malformed, their lengths differ, or a label is not in
        ``0 .. classes - 1``.
    """
    x, t = read(images, 3, sha256[0]), read(labels, 1, sha256[1])
    if len(x) != len(t):
        raise IdxError(f"{images} holds {len(x)} images, {labels} {len(t)} labels")
    if t.max() >= classes:
        raise IdxError(
            f"{labels}: instance {t.argmax()} has label {t.max()}, "
            f"expected 0 to {classes - 1}"
        )
    return x, t.astype(np.intp)


def split(x: NDArray, validation_size: int) -> tuple[NDArray, NDArray]:
    """Withhold the last instances for validation.

    Parameters
    ----------
    x : ndarray, (instances, ...)
    validation_size : int
        The number of instances to withhold.

    Returns
    -------
    training, validation : ndarray

    Raises
    ------
    IdxError
        If none is left to train on.
    """
    size = len(x) - validation_size
    if size < 1:
        raise IdxError(
            f"dataset.validation_size is {validation_size}, but the training set has "
            f"{len(x)} instances: none is left to train on"
        )
    return x[:size], x[size:]
