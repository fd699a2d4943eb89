"""Python loads this at its start: it records what a step does with the data, and how.

A line of ``opened.txt`` has the step, the event and the path, or the command of a
process that the step starts.
"""

import os
import sys

STEP = sys.orig_argv[2] if sys.orig_argv[1:2] == ["-m"] else sys.orig_argv[-1]
DATA = os.path.abspath("data") + os.sep
LOG = os.open("opened.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def record(event, arguments):
    if event == "subprocess.Popen":
        write(event, os.fsdecode(arguments[0]))
    elif event == "open" and isinstance(arguments[0], str | bytes):
        path, mode, flags = arguments
        writing = flags & (os.O_WRONLY | os.O_RDWR) or set(mode or "") & set("wax+")
        write_if_data("write" if writing else "read", os.fsdecode(path))
    elif event == "mmap.__new__" and arguments[0] != -1:
        write_if_data("map", os.readlink(f"/proc/self/fd/{arguments[0]}"))


def write_if_data(event, path):
    path = os.path.realpath(path)
    if path.startswith(DATA):
        write(event, path.removeprefix(DATA))


def write(event, what):
    os.write(LOG, f"{STEP}\t{event}\t{what}\n".encode())


sys.addaudithook(record)
