#!/bin/sh
# Build the tiny report in a Debian 13; verify it here, and the one here there; as root:
#   sh tests/tools/debian13.sh /tmp/debian13 [FOLDER...]
# FOLDERs are what pip needs there besides the network, such as a folder of wheels.
set -eu
cd "$(dirname "$0")/../.."
system=$1
shift
[ -x "$system/usr/bin/make" ] || debootstrap --variant=minbase \
    --include=python3,python3-venv,make,git,ca-certificates trixie "$system"
cp -L /etc/resolv.conf "$system/etc/"
for file in /etc/pip.conf "$HOME/.config/pip/pip.conf" /etc/ssl/certs/ca-certificates.crt; do
    [ ! -f "$file" ] || install -D "$file" "$system$file"
done
for folder in /proc /dev /sys "$@"; do
    mkdir -p "$system$folder"
    mountpoint -q "$system$folder" || mount --bind "$folder" "$system$folder"
done
trap 'for folder in /proc /dev /sys "$@"; do umount "$system$folder"; done' EXIT
rm -rf "$system/root/project"
git clone -q . "$system/root/project"
cp -r data "$system/root/project/"
HOME=/root chroot "$system" sh -c 'cd /root/project && make prerequisites .venv/report &&
    .venv/bin/python -m workflow.recovery --cores all --configfile tests/tiny.yaml -- report'
diff -r -q results "$system/root/project/results" && echo 'all results are the same'
echo 'That report, verified here:'
PYTHONPATH=src .venv/bin/python -m workflow mlp.document.verify \
    --pdf "$system/root/project/report/report.pdf" --rebuild '' || true
echo 'The report here, verified there:'
cp report/report.pdf "$system/root/here.pdf"
HOME=/root chroot "$system" sh -c 'cd /root/project && make verify PDF=/root/here.pdf'
