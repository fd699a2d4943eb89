"""A Slurm cluster of two nodes on this machine, from Debian's packages."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.tools.project import apt_install, ran

CONFIGURATION = Path("/etc/slurm/slurm.conf")
MARK = "# written by tests/tools/slurm_cluster.py"
PACKAGES = ["munge", "slurm-client", "slurmctld", "slurmd"]
NODES = ["node1", "node2"]


def obstacle():
    """Say why there can be no cluster here; None if there can."""
    if os.geteuid() != 0:
        return "a Slurm cluster can only be started by root"
    if not shutil.which("apt-get"):
        return "Slurm is installed with apt-get, which is not here"
    if CONFIGURATION.exists() and MARK not in CONFIGURATION.read_text():
        return f"Slurm is in use here: {CONFIGURATION}"
    return None


def free_ports(number):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def configuration(folder):
    host = socket.gethostname().partition(".")[0]
    controller_port, *ports = free_ports(1 + len(NODES))
    nodes = "".join(
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
        "CPUs=2 RealMemory=2000\n"
        for node, port in zip(NODES, ports)
    )
    return f"""{MARK}
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
# CR_LLN uses both nodes
SelectTypeParameters=CR_CPU_Memory,CR_LLN
MpiDefault=none
{nodes}PartitionName=tests Nodes=ALL Default=YES
"""


@contextmanager
def daemon(log, *command):
    """Run a program in the foreground; end it, and all that it has started."""
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def cluster(folder):
    """Run a cluster with its files in `folder`; one at a time on a machine."""
    if not all(map(shutil.which, ["munged", "squeue", "slurmctld", "slurmd"])):
        apt_install(PACKAGES, code=0)
    munge = folder / "munge"
    munge.mkdir(mode=0o700)
    (folder / "state").mkdir()
    key = munge / "key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    with ExitStack() as stack:
        # not slurm.conf itself, which goes when the other cluster does
        lock = stack.enter_context(Path("/run/lock/mlp-slurm-tests").open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        CONFIGURATION.parent.mkdir(exist_ok=True)
        stack.callback(CONFIGURATION.unlink)  # job steps look for it nowhere else
        CONFIGURATION.write_text(configuration(folder))

        def start(name, *command):
            stack.enter_context(daemon(folder / f"{name}.txt", *command))

        own = (
            f"--{name}-file={munge}/{name}" for name in ("key", "log", "pid", "seed")
        )
        socket_of_munge = munge / "socket"
        command = ["munged", "--foreground", "--force", f"--socket={socket_of_munge}"]
        start("munged", *command, *own)
        wait_for(socket_of_munge.exists, "munged")
        start("slurmctld", "slurmctld", "-D")
        for node in NODES:
            start(node, "slurmd", "-D", "-N", node)
        wait_for(lambda: states() == ["idle"] * len(NODES), "all nodes to be idle")
        yield
        subprocess.run(["scancel", "--me"], check=True)
        wait_for(lambda: not queue("%i"), "the end of all jobs")


def states():
    listing = ran(["sinfo", "--Node", "--noheader", "--format=%T"])
    return listing.stdout.split()


def queue(*formats, states=None):
    """List the jobs, each a list of strings in squeue's `formats`."""
    command = ["squeue", "--noheader", f"--format={'|'.join(formats)}"]
    listing = ran(command + [f"--states={states}"] * bool(states), code=0)
    return [line.split("|") for line in listing.stdout.splitlines()]


def wait_for(condition, what, seconds=180):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.2)
    return value
