# The commands of a user and of a developer; `make help` lists them.

CORES := $(or $(CORES),all)
PYTHON := $(or $(PYTHON),python3)
# given to make; variables of these names in the environment are of something else
PDF = report/report.pdf
WITH = report/report.pdf
NUMBER =
FINDING =
REBUILD =
export PDF WITH NUMBER FINDING # with their quotes

# bars where somebody watches them, plain lines in a pipe, in CI and in a batch job
LOGGER := $(shell test -t 2 && test "$$TERM" != dumb && echo --logger rich)
SNAKEMAKE = .venv/bin/python -m workflow.recovery --cores $(CORES) $(LOGGER)
LOCK = .venv/lock/bin/uv pip compile --quiet --universal --fork-strategy fewest \
    --generate-hashes --no-header --no-annotate --no-emit-index-url
DOCUMENT = PYTHONPATH=src PYTHONUTF8=1 .venv/bin/python -m workflow mlp.document
SNAKEFMT = PATH=.venv/bin:$$PATH .venv/bin/python -m snakefmt # finds shfmt there

# nothing that is set for another Python, such as its packages
$(foreach name,$(filter PYTHON%,$(.VARIABLES)),$(eval unexport $(name)))
STAMPS = $(addprefix .venv/,report slurm archive dev bench mutants)
# a .venv that does not work any more, as after an upgrade of Python, is made anew
WORKS = .venv/bin/python -E -m workflow.environment
$(shell test ! -e .venv/report || $(WORKS) >/dev/null 2>&1 || rm -f $(STAMPS))

.DEFAULT_GOAL := help
.NOTPARALLEL: # also where -j comes from the environment
.PHONY: help report html slurm archive verify trace compare test lint format bench mutants growth pictures profile lock lockcheck clean prerequisites

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 10
	@echo
	@echo 'CORES=n make report uses n cores instead of all.'

report: prerequisites .venv/report ## make report/report.pdf, whatever that takes
	@$(SNAKEMAKE)
	@echo "The report is $$PWD/report/report.pdf"

html: prerequisites .venv/report ## make report/report.html, a page with the PDF, figures and tables
	@$(SNAKEMAKE) --report report/report.html --report-after-run -- report pages
	@echo "The page is $$PWD/report/report.html"

slurm: .venv/slurm ## make the report with jobs of a Slurm cluster, see docs/cluster.md
	@.venv/bin/python -m workflow.recovery --workflow-profile profiles/slurm
	@echo "The report is $$PWD/report/report.pdf"

archive: .venv/archive ## pack the report and all it is made from into report/archive.zip
	@$(DOCUMENT).archive

verify: prerequisites .venv/report ## compare PDF=report/report.pdf with the data and code here
	@$(DOCUMENT).verify --pdf "$$PDF" --rebuild "$(REBUILD)"

trace: .venv/report ## say where NUMBER=98.25 of PDF=report/report.pdf is from, or FINDING=words
	@$(DOCUMENT).trace --pdf "$$PDF" --number "$$NUMBER" --finding "$$FINDING"

compare: .venv/report ## list what has changed from PDF=old.pdf to WITH=report/report.pdf
	@$(DOCUMENT).compare --old "$$PDF" --new "$$WITH"

test: prerequisites .venv/dev ## run all tests
	@.venv/bin/python -m pytest

lint: prerequisites .venv/dev ## check style, types and rules
	@.venv/bin/python -m ruff check
	@.venv/bin/python -m ruff format --check
	@.venv/bin/python -m mypy
	@$(SNAKEFMT) --check Snakefile workflow
	@.venv/bin/python -m tests.tools.lint

format: prerequisites .venv/dev ## format all code
	@.venv/bin/python -m ruff check --fix
	@.venv/bin/python -m ruff format
	@$(SNAKEFMT) Snakefile workflow

bench: prerequisites .venv/bench ## time whole runs against other tools: docs/benchmarks.md
	@$(SNAKEMAKE) --quiet all -- download
	@.venv/bin/python -m tests.benchmarks.bench

mutants: prerequisites .venv/dev .venv/mutants ## plant mistakes and see whether the tests find them: docs/mutants.md
	@.venv/bin/python -m tests.tools.mutants

growth: prerequisites .venv/dev ## time sweeps of up to 10,000 runs: docs/growth.md
	@.venv/bin/python -m tests.benchmarks.growth

profile: .venv/report ## list where the time of the last runs went, by rule
	@.venv/bin/python -m workflow.profile

pictures: prerequisites .venv/dev ## draw the pictures of the README anew, with Graphviz
	@PYTHONPATH=src .venv/bin/python -m tests.tools.pictures .

# $(1) says where the files are and go to, $(2) is --upgrade or nothing
define lock
	@$(PYTHON) -m venv .venv/lock
	@.venv/lock/bin/pip install --quiet uv
	@for group in '' -dev -bench -mutants -slurm -archive; do \
	    $(LOCK) $(2) pyproject.toml $${group:+--group $${group#-} --constraint $(1)/requirements.txt} \
	        --output-file $(1)/requirements$$group.txt || exit; \
	done
	@for group in build validator; do \
	    $(LOCK) $(2) --group $$group --output-file $(1)/requirements-$$group.txt || exit; \
	done
endef

lock: ## write the newest versions to requirements*.txt, with their hashes
	$(call lock,.,--upgrade)

lockcheck: ## see that requirements*.txt are what `make lock` writes, for their versions
	@mkdir -p .venv/locked
	@for file in requirements*.txt; do sed '/--hash/d; s/ \\$$//' $$file >.venv/locked/$$file; done
	$(call lock,.venv/locked,)
	@for file in requirements*.txt; do diff -u $$file .venv/locked/$$file || exit; done

clean: ## remove all results, but neither the data nor .venv
	@rm -rf results logs benchmarks .snakemake
	@find report -mindepth 1 ! -name README.md -delete

prerequisites:
	@PYTHON=$(PYTHON) sh workflow/prerequisites.sh

# .venv/NAME says that the packages of a lock file are in .venv; each holds those of the report
.venv/report: requirements.txt
.venv/slurm: requirements-slurm.txt
.venv/archive: requirements-archive.txt
.venv/dev: requirements-dev.txt
.venv/bench: requirements-bench.txt
.venv/mutants: requirements-mutants.txt
$(STAMPS):
	@echo 'Installing the Python packages of $< in .venv'
	@$(WORKS) >/dev/null 2>&1; test $$? -lt 2 || rm -rf .venv # beyond repair
	@test -L .venv || $(PYTHON) -m venv .venv # which refuses a link
	@$(WORKS) $<
	@touch $@ .venv/report
