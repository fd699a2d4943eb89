"""The synthetic data, the IDX format and the normalizations."""

import hashlib

import numpy as np
import pytest

from mlp.data import idx, normalization, synthetic
from mlp.summaries import dataset
from tests.tools.project import step


@pytest.mark.parametrize(
    ("part", "field", "digest"),
    [
        (0, "x", "0ffab6957a185b4346f5e6f5735be47e7dc5d5d2af182adf39128fc5d31b5ea8"),
        (1, "x", "ca4ebca003077ff76ef7e96db303e760325a8a78de86f4d2fb083ba951a06675"),
        (0, "t", "f2e88d3fe3abdfb148609a59d6f810a0ace55a65fe0f6a89a3ec93635553c93d"),
        (1, "t", "459a4d96d10af2ad47b3ca589c6526f769076873f286f09769e1376de4c46232"),
    ],
)
def test_synthetic_data_are_bit_for_bit_the_course_s(part, field, digest):
    array = getattr(synthetic.load_synth()[part], field)
    assert array.flags.c_contiguous
    assert hashlib.sha256(array.tobytes()).hexdigest() == digest


def idx_file(path, array, *, kind=0x08, magic=b"\0\0", shape=None):
    shape = array.shape if shape is None else shape
    header = magic + bytes([kind, len(shape)]) + np.array(shape, ">u4").tobytes()
    path.write_bytes(header + array.tobytes())
    return path


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path):
    return idx.read(path, 3, sha256(path))


def read_labelled(images, labels, classes):
    digests = [sha256(images), sha256(labels)]
    return idx.read_labelled(images, labels, digests, classes)


IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
LABELS = np.array([0, 1, 2, 1], np.uint8)


def test_idx_file_is_read_as_written(tmp_path):
    assert np.array_equal(read(idx_file(tmp_path / "images", IMAGES)), IMAGES)
    x, t = read_labelled(tmp_path / "images", idx_file(tmp_path / "labels", LABELS), 3)
    assert np.array_equal(x, IMAGES)
    assert t.tolist() == [0, 1, 2, 1]


def test_a_file_that_has_changed_is_refused(tmp_path):
    path = idx_file(tmp_path / "images", IMAGES)
    digest = sha256(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(idx.IdxError, match=rf"SHA-256 .* expected {digest}; it has"):
        idx.read(path, 3, digest)


def test_labels_must_fit_images_and_classes(tmp_path):
    images = idx_file(tmp_path / "images", IMAGES)
    labels = idx_file(tmp_path / "labels", LABELS[:3])
    with pytest.raises(idx.IdxError, match=r"4 images, .* 3 labels"):
        read_labelled(images, labels, 3)
    labels = idx_file(tmp_path / "labels", LABELS)
    with pytest.raises(idx.IdxError, match="instance 2 has label 2, expected 0 to 1"):
        read_labelled(images, labels, 2)


def cut(length):
    return lambda path: path.write_bytes(path.read_bytes()[:length])


def missing(path):
    path.unlink()


def folder(path):
    path.unlink()
    path.mkdir()


def with_header(**header):
    return lambda path: idx_file(path, IMAGES, **header)


def of(array):
    return lambda path: idx_file(path, array)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (missing, "No such file or directory"),
        (folder, "Is a directory"),
        (cut(0), "begins with b'', expected"),
        (cut(3), r"begins with b'\x00\x00\x08', expected"),
        (cut(4), "holds 4 bytes, but its header"),
        (cut(15), "holds 15 bytes, but its header"),
        (cut(-1), "holds 39 bytes, but its header"),
        (with_header(magic=b"PK"), r"begins with b'PK\x08\x03', expected"),
        (with_header(kind=0x0D), r"begins with b'\x00\x00\r\x03', expected"),
        (with_header(shape=(5, 3, 2)), "its header (5, 3, 2) calls for 46"),
        (with_header(shape=(3, 3, 2)), "calls for 34"),
        (with_header(shape=(2**31,) * 3), "calls for 9903520314283042199192993808"),
        (of(np.zeros((0, 2, 2), np.uint8)), "is empty"),
        (of(LABELS), "unsigned bytes in 3 dimensions"),
        (of(np.zeros((5, 3, 2), np.uint8)), "holds 5 images"),
    ],
)
def test_a_step_ends_with_one_line_on_a_spoilt_file(tmp_path, spoil, message):
    images = idx_file(tmp_path / "images", IMAGES)
    labels = idx_file(tmp_path / "labels", LABELS)
    spoil(images)
    digest = sha256(images) if images.is_file() else "0" * 64
    files = {"images": images, "labels": labels, "sha256": [digest, sha256(labels)]}
    sizes = {"classes": 3, "validation_size": 1}
    with pytest.raises(SystemExit) as ended:
        step(dataset, **files, **sizes, output=tmp_path / "output")
    (said,) = ended.value.code.splitlines()
    assert said.startswith(str(images))
    assert message in said
    assert not (tmp_path / "output").exists()


def test_the_split_withholds_the_last_images(tmp_path):
    training, validation = idx.split(IMAGES, 1)
    assert np.array_equal(training, IMAGES[:3])
    assert np.array_equal(validation, IMAGES[3:])


def test_min_max_maps_the_fitted_features_onto_minus_one_to_one():
    x = np.array([[0.0, 10.0], [4.0, 20.0], [1.0, 12.0]])
    normalize = normalization.min_max(x)
    assert normalize(x).tolist() == [[-1.0, -1.0], [1.0, 1.0], [-0.5, -0.6]]
    assert normalize(np.array([8.0, 15.0])).tolist() == [3.0, 0.0]


def test_standardize_gives_mean_zero_and_standard_deviation_one():
    x = np.random.default_rng(0).integers(0, 256, (50, 30), dtype=np.uint8)
    z = normalization.standardize(x)(x)
    assert z.mean() == pytest.approx(0, abs=1e-12)
    assert z.std() == pytest.approx(1, abs=1e-12)
    flat = np.full((2, 2), 7, np.uint8)
    assert normalization.standardize(flat)(flat).tolist() == [[0, 0], [0, 0]]


def test_unit_interval_does_not_look_at_the_data():
    normalize = normalization.unit_interval(np.array([[3, 4]], np.uint8))
    assert normalize(np.array([0, 51, 255])).tolist() == [0.0, 0.2, 1.0]
