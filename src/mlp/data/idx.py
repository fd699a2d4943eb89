"""The IDX format of the MNIST files: a magic number, the dimensions, unsigned bytes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

UNSIGNED_BYTE = 0x08


def read(path: Path, ndim: int) -> NDArray[np.uint8]:
    """Map an uncompressed IDX file of unsigned bytes into memory, read-only.

    Parameters
    ----------
    path : Path
    ndim : int
        The dimensions that the file must have: 3 for images, 1 for labels.

    Returns
    -------
    ndarray of uint8
        In the shape that the file states.

    Raises
    ------
    ValueError
        If the file is not such a file, with what it holds instead.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        if len(magic) < 4 or magic[:2] != b"\0\0":
            raise ValueError(f"{path}: not an IDX file, it begins with {magic!r}")
        if magic[2] != UNSIGNED_BYTE:
            raise ValueError(
                f"{path}: holds values of IDX type 0x{magic[2]:02x}, "
                f"expected unsigned bytes (0x{UNSIGNED_BYTE:02x})"
            )
        if magic[3] != ndim:
            raise ValueError(f"{path}: has {magic[3]} dimensions, expected {ndim}")
        header = file.read(4 * ndim)
    if len(header) < 4 * ndim:
        raise ValueError(f"{path}: ends within its header, after {size} bytes")
    shape = tuple(int(n) for n in np.frombuffer(header, ">u4"))
    offset = 4 + len(header)
    expected = offset + int(np.prod(shape, dtype=object))
    if size != expected:
        raise ValueError(
            f"{path}: holds {size} bytes, but its header {shape} calls for {expected}"
        )
    if 0 in shape:
        raise ValueError(f"{path}: is empty, its header says {shape}")
    return np.memmap(path, np.uint8, "r", offset, shape)


def read_labelled(
    images: Path, labels: Path, classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read images, one a row, and their labels.

    Returns
    -------
    x : ndarray of uint8, (instances, pixels)
    t : ndarray of uint8, (instances,)

    Raises
    ------
    ValueError
        If either file is malformed, their lengths differ, or a label is not in
        ``0 .. classes - 1``.
    """
    x, t = read(images, 3), read(labels, 1)
    if len(x) != len(t):
        raise ValueError(f"{images} holds {len(x)} images, {labels} {len(t)} labels")
    if t.max() >= classes:
        raise ValueError(
            f"{labels}: instance {t.argmax()} has label {t.max()}, "
            f"expected 0 to {classes - 1}"
        )
    return x.reshape(len(x), -1), t
