"""The IDX format of the MNIST files: a magic number, the dimensions, unsigned bytes."""

import hashlib
import math
import os
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
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sha256:
            raise IdxError(
                f"{path}: has the SHA-256 {digest}, expected {sha256}; "
                "it has changed since its download: delete it"
            )
        file.seek(0)
        start, header = file.read(4), file.read(4 * ndim)
        size = file.seek(0, os.SEEK_END)
    magic = bytes([0, 0, UNSIGNED_BYTE, ndim])
    if start != magic:
        raise IdxError(
            f"{path}: begins with {start!r}, expected {magic!r}, as an IDX file of "
            f"unsigned bytes in {ndim} dimensions"
        )
    shape = tuple(np.frombuffer(header.ljust(4 * ndim, b"\0"), ">u4").tolist())
    offset = 4 + 4 * ndim
    expected = offset + math.prod(shape)
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
    """
    size = len(x) - validation_size
    return x[:size], x[size:]
