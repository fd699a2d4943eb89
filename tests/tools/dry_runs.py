"""Ask Snakemake, question by question, what it would do, without starting it anew.

Each line of the input has, as JSON, the ``files`` to write meanwhile and ``arguments``;
each line of the output has the exit code of a dry run and what it printed.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def changed(files):
    """Write files for a while; put all back, the times too."""
    paths = [Path(name) for name in files if Path(name).exists()]
    before = {path: (path.read_bytes(), os.stat(path)) for path in paths}
    for name, text in files.items():
        Path(name).write_bytes(text.encode("latin-1"))
    try:
        yield
    finally:
        for path in set(map(Path, files)) - before.keys():
            path.unlink()
        for path, (content, times) in before.items():
            path.write_bytes(content)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def dry_run(arguments):
    """Run Snakemake in a process of its own that has all modules already."""
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = 1
            try:
                snakemake.cli.main(["--dry-run", *arguments])
            except SystemExit as end:
                code = end.code
                if not isinstance(code, int):
                    print(code)
                    code = 1
            finally:  # the rest is for the parent to do
                sys.stdout.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


@contextmanager
def dry_runs(folder):
    """Start this file; give a function that asks it, with files as text or bytes.

    The function has the ``folder`` of the project.
    """
    process = subprocess.Popen(
        [sys.executable, __file__],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )

    def ask(*arguments, **files):
        for name, content in files.items():
            content = content.encode() if isinstance(content, str) else content
            files[name] = content.decode("latin-1")
        question = {"files": files, "arguments": arguments}
        print(json.dumps(question), file=process.stdin, flush=True)
        return json.loads(process.stdout.readline())

    ask.folder = folder
    with process:
        yield ask
        process.stdin.close()


if __name__ == "__main__":
    import snakemake.cli

    for line in sys.stdin:
        question = json.loads(line)
        with changed(question["files"]):
            answer = dry_run(question["arguments"])
        print(json.dumps(answer), flush=True)
