#!/bin/sh
# Goes each way that the README and docs/running.md name from a clone to the PDF, in a fresh place, with the small
# configuration, and compares the tables. As root, since it installs; names the times.
#
#     sh tests/tools/routes.sh FOLDER [debian12] [debian13] [container] [snakemake]
#
# Debian comes from debootstrap, from MIRROR; PODMAN and BUILD hold other commands and options.
set -eu

[ $# -gt 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
PROJECT=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1" && PLACE=$(cd "$1" && pwd) && shift
MIRROR=${MIRROR:-http://deb.debian.org/debian}
PODMAN=${PODMAN:-podman --storage-driver=vfs}
BUILD=${BUILD:---isolation=chroot --layers=false}
TINY='--configfile tests/tiny.yaml --'

# a Debian, with the certificates and the package index of this machine
debian() { # release, folder, packages
    [ -e "$2/etc/os-release" ] || debootstrap --variant=minbase --include="$3" "$1" "$2" "$MIRROR" >/dev/null
    cp -r /usr/local/share/ca-certificates "$2/usr/local/share/"
    chroot "$2" update-ca-certificates
    if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$2/etc/"; fi
}

in_chroot() { # release
    root=$PLACE/$route/root
    debian "$1" "$root" python3,make,git,ca-certificates
    git clone --quiet "$PROJECT" "$root/work"
    for folder in proc sys dev dev/pts; do mount --bind "/$folder" "$root/$folder"; done
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        make --directory=/work report CORES="2 $TINY" || failed=$?
    for folder in dev/pts dev sys proc; do umount "$root/$folder"; done
    mv "$root/work/report" "$root/work/results" .
}

debian12() { in_chroot bookworm; }
debian13() { in_chroot trixie; }

container() {
    if ! $PODMAN image exists docker.io/library/debian:12 && ! $PODMAN pull --quiet debian:12; then
        debian bookworm "$PLACE/$route/root" ca-certificates
        tar -C "$PLACE/$route/root" -c . | $PODMAN import --quiet - docker.io/library/debian:12
    fi
    git clone --quiet "$PROJECT" work
    $PODMAN build $BUILD --tag mlp work
    $PODMAN images mlp
    # as a user without a name or a home; `run` would need more rights than this
    printf '%s\n' 'FROM mlp' 'COPY . /work' 'RUN chown -R 12345:12345 /work' \
        'USER 12345:12345' 'ENV HOME=/' \
        "RUN python -m workflow.recovery --cores 2 $TINY" >run
    rm work/.dockerignore
    $PODMAN build $BUILD --file run --tag mlp-ran work
    made=$($PODMAN create mlp-ran)
    $PODMAN cp "$made:/work/report" . && $PODMAN cp "$made:/work/results" .
    $PODMAN rm "$made"
}

snakemake() {
    python3 -m venv own && own/bin/pip install --quiet snakemake
    git clone --quiet "$PROJECT" work
    (cd work && make .venv/report && ../own/bin/snakemake --cores 2 $TINY)
    mv work/report work/results .
}

failed=0
for route in ${*:-debian12 debian13 container snakemake}; do
    rm -rf "${PLACE:?}/$route/work" "$PLACE/$route/report" "$PLACE/$route/results"
    mkdir -p "$PLACE/$route"
    cd "$PLACE/$route"
    start=$(date +%s)
    $route >log 2>&1 || failed=$?
    tables=$(cd results && cat ./*.csv | sha256sum | cut -c1-16) || failed=1
    if [ -s report/report.pdf ]; then pdf='made the PDF'; else pdf="made no PDF, see $PLACE/$route/log" failed=1; fi
    echo "$route: $pdf in $(($(date +%s) - start)) s, tables $tables"
done
exit $failed
