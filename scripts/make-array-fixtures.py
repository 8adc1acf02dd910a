"""Writes test/golden/arrays/: small files by numpy, zipfile and safetensors, and expected.json with their values.

Run from the root of the repository, with numpy and safetensors (0.8 or later) installed:

    python3 scripts/make-array-fixtures.py
"""

import io
import json
import math
import platform
import shutil
import zipfile
from pathlib import Path

import numpy as np
import safetensors
from numpy.lib import format as npy_format
from safetensors import TensorSpec, serialize
from safetensors.numpy import save_file

FOLDER = Path("test/golden/arrays")

NAMES = {
    "b1": "bool",
    "i1": "int8",
    "i2": "int16",
    "i4": "int32",
    "i8": "int64",
    "u1": "uint8",
    "u2": "uint16",
    "u4": "uint32",
    "u8": "uint64",
    "f2": "float16",
    "f4": "float32",
    "f8": "float64",
}

expected = {}


def values_for(code, count):
    """Values that show every mistake: extremes, both zeros, subnormals, infinities, NaN, then a ramp."""
    dtype = np.dtype(code)
    if dtype.kind == "b":
        return (np.arange(count) % 3 == 0).astype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        head = [info.min, info.max, 0, 1, 100]
    else:
        info = np.finfo(dtype)
        head = [info.max, info.min, info.tiny, info.smallest_subnormal, -0.0]
        head += [math.inf, -math.inf, math.nan, 1 / 3]
    ramp = np.arange(count - len(head))
    return np.concatenate([np.array(head, dtype), (ramp if dtype.kind in "iu" else ramp / 8 - 1).astype(dtype)])


def text(value):
    """A value as text that JavaScript's Number and BigInt read back exactly."""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def expect(file, name, array, dtype=None):
    """Records what a reader must find, in C order."""
    array = np.asarray(array)
    expected.setdefault(file, {})[name] = {
        "dtype": dtype or NAMES[array.dtype.str[1:]],
        "shape": list(array.shape),
        "values": [text(value) for value in array.flatten(order="C")],
    }


def write_npy(name, array, version=None):
    with open(FOLDER / f"{name}.npy", "wb") as file:
        npy_format.write_array(file, array, version=version, allow_pickle=False)
    expect(f"{name}.npy", name, array)


def npy_bytes(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def write_npys():
    for code in NAMES:
        for order in "CF":
            for endian, word in [("<", "little"), (">", "big")]:
                if np.dtype(code).itemsize == 1 and endian == ">":
                    continue
                array = values_for(code, 24).reshape(2, 3, 4).astype(endian + code)
                array = np.asarray(array, order=order)
                write_npy(f"{NAMES[code]}-{order}-{word}", array)
    write_npy("matrix-F", np.asfortranarray(np.arange(12, dtype="<f4").reshape(3, 4)))
    write_npy("scalar", np.array(2.5))
    write_npy("scalar-int64-big", np.array(-3, dtype=">i8"))
    write_npy("vector", np.arange(5, dtype="<i4"))
    write_npy("empty", np.zeros((0,), dtype="<f4"))
    write_npy("empty-3d", np.zeros((2, 0, 3), dtype="<f8"))
    write_npy("ones-5d-F", np.asfortranarray(np.arange(6, dtype="<f4").reshape(1, 2, 1, 3, 1)))
    write_npy("version-2", np.arange(6, dtype="<f4").reshape(2, 3), version=(2, 0))
    write_npy("version-3", np.arange(6, dtype="<f4").reshape(2, 3), version=(3, 0))


def write_refused():
    """What a reader must refuse; expected.json has nothing about these."""
    refused = FOLDER / "refused"
    refused.mkdir()
    np.save(refused / "object.npy", np.array([1, "a", None], dtype=object), allow_pickle=True)
    np.save(refused / "complex.npy", np.array([1 + 2j]))
    np.save(refused / "string.npy", np.array(["ab", "c"]))
    np.save(refused / "bytes.npy", np.array([b"ab", b"c"]))
    np.save(refused / "structured.npy", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f8")]))
    np.save(refused / "date.npy", np.array(["2019-05-06"], dtype="datetime64[D]"))
    np.save(refused / "raw.npy", np.zeros(2, dtype="V2"))
    with open(refused / "two-arrays.npy", "wb") as file:
        np.save(file, np.arange(3.0))
        np.save(file, np.arange(3.0))
    with zipfile.ZipFile(refused / "not-npy.npz", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
    with zipfile.ZipFile(refused / "bzip2.npz", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.npy", npy_bytes(np.arange(3.0)))


def write_npzs():
    arrays = {
        "weights": np.arange(6, dtype="<f4").reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
        "labels": np.array([3, -1], dtype="<i8"),
        "layer1/bias": np.array(0.5, dtype="<f2"),
        "__proto__": np.array([True, False]),
        "größe": np.zeros((0, 2), dtype="<u2"),
        "zeros": np.zeros(300, dtype="<f4"),
    }
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "deflated.npz", **arrays)
    np.savez(FOLDER / "no-arrays.npz")
    expected["no-arrays.npz"] = {}
    small = {"a": np.arange(4, dtype="<f4"), "b": np.arange(3, dtype="<u1")}
    with zipfile.ZipFile(FOLDER / "zip64.npz", "w") as archive:
        for name, array in small.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(npy_bytes(array))
        archive.comment = b"a comment at the end of the file"

    # A stream that cannot seek back gets data descriptors: sizes follow the data, local headers have zeros.
    class Unseekable(io.RawIOBase):
        def __init__(self, file):
            self.file = file

        def writable(self):
            return True

        def write(self, data):
            return self.file.write(data)

    with open(FOLDER / "data-descriptors.npz", "wb") as file:
        with zipfile.ZipFile(Unseekable(file), "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in small.items():
                archive.writestr(f"{name}.npy", npy_bytes(array))

    for file in ["stored.npz", "deflated.npz"]:
        for name, array in arrays.items():
            expect(file, name, array)
    for file in ["zip64.npz", "data-descriptors.npz"]:
        for name, array in small.items():
            expect(file, name, array)


def write_safetensors():
    arrays = {NAMES[code]: values_for(code, 12).reshape(3, 4) for code in NAMES}
    arrays["scalar"] = np.array(1.5)
    arrays["empty"] = np.zeros((0, 3), dtype="<f4")
    arrays["__proto__"] = np.array([1, 2], dtype="<u1")
    file = FOLDER / "all.safetensors"
    save_file(arrays, file, metadata={"epoch": "12", "__proto__": "safe"})
    for name, array in arrays.items():
        expect(file.name, name, array)

    # numpy has no bfloat16, but the package takes its bits.
    bits = np.array([0x3F80, 0xC040, 0x7F80, 0xFF80, 0x7FC0, 0x0001, 0x8000, 0x7F7F], dtype="<u2").reshape(2, 4)
    spec = TensorSpec(dtype="bfloat16", shape=[2, 4], data_ptr=bits.ctypes.data, data_len=bits.nbytes)
    (FOLDER / "bfloat16.safetensors").write_bytes(bytes(serialize({"w": spec})))
    widened = (bits.astype("<u4") << 16).view("<f4")
    expect("bfloat16.safetensors", "w", widened, "bfloat16")

    save_file({}, FOLDER / "no-arrays.safetensors")
    expected["no-arrays.safetensors"] = {}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    write_npys()
    write_npzs()
    write_safetensors()
    write_refused()
    versions = {"python": platform.python_version(), "numpy": np.__version__, "safetensors": safetensors.__version__}
    record = {"madeBy": "scripts/make-array-fixtures.py", "versions": versions, "files": expected}
    (FOLDER / "expected.json").write_text(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
