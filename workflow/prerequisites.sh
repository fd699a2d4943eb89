#!/bin/sh
# See that this machine has what pip cannot install: Python with venv, and TeX.
# Where apt-get is there, install what is missing; elsewhere say what to install.
set -eu

PYTHON=${PYTHON:-python3}
DEBIAN_TEX='texlive-latex-recommended texlive-latex-extra texlive-science
    texlive-fonts-recommended texlive-pictures latexmk lmodern cm-super'

python_missing() {
    ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null
}

# as the rule `report` will see it: without what is in the home folder
tex_has() {
    env -i PATH="$PATH" HOME=/ kpsewhich "$@" >/dev/null
}

# what TeX lacks of the packages that the templates load
tex_missing() {
    for program in latexmk pdflatex kpsewhich; do
        command -v $program >/dev/null || echo $program
    done
    command -v kpsewhich >/dev/null || return 0
    packages=$(sed -n 's/^\\usepackage\(\[[^]]*\]\)\{0,1\}{\([^}]*\)}.*/\2/p' \
        templates/preamble.tex templates/macros.tex | tr ',' '\n' | sed 's/$/.sty/')
    # shellcheck disable=SC2086 # a list of files
    tex_has $packages || for package in $packages; do
        tex_has "$package" || echo "$package"
    done
}

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "This needs Python 3.11 or newer, and $PYTHON is not; name one: make PYTHON=python3.12 report" >&2
    exit 1
fi

wanted=''
if python_missing; then wanted=python3-venv; fi
missing=$(tex_missing | tr '\n' ' ')
if [ -n "$missing" ]; then wanted="$wanted $DEBIAN_TEX"; fi
if [ -z "$wanted" ]; then exit 0; fi

if [ "$(id -u)" = 0 ]; then sudo=''; else sudo=sudo; fi
if ! command -v apt-get >/dev/null || ! command -v ${sudo:-apt-get} >/dev/null; then
    cat >&2 <<MESSAGE
Nothing was done yet: this machine lacks ${missing:-the Python module venv}
Install TeX Live with these packages, then run make again:
  Debian, Ubuntu   apt-get install python3-venv $(echo $DEBIAN_TEX)
  Fedora           dnf install texlive-scheme-medium texlive-collection-latexextra texlive-siunitx latexmk
  macOS            brew install --cask mactex-no-gui
  anywhere         TinyTeX, then tlmgr install collection-latexrecommended \\
                   collection-latexextra siunitx latexmk lm cm-super pgf
MESSAGE
    exit 1
fi

echo "Installing with apt-get, for ${missing:-the Python module venv}:" $wanted
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update --quiet --quiet
# shellcheck disable=SC2086 # a list of packages
$sudo apt-get install --yes --quiet --quiet --no-install-recommends $wanted >/dev/null
