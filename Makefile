# `make` alone explains itself. Settings: make TARGET NAME=value
PYTHON      ?= python3
VENV        ?= .venv
PROFILE     ?= quick
NOTEBOOK    ?=
PART        ?=
PARAMS      ?=
TORCH_INDEX ?=
STRICT      ?=
THREADS     ?=
MINUTES     ?=
CLUSTER     ?=
PORT        ?= 8000
MODEL       ?=
INPUTS      ?=
TARGETS     ?=
ACTION      ?=
OUTPUT_ACTION ?=
BENCH       ?=

TORCH := $(shell sed -n 's/^ *"\(torch==[^"]*\)",/\1/p' pyproject.toml)
STAMP := $(VENV)/.complete
LAB   := $(VENV)/.lab
OTHERS := $(VENV)/.others
RUN   := exec $(VENV)/bin/python -m liegg.reproduce
STORED := $(if $(filter file,$(origin PROFILE)),,--profile="$$PROFILE")
# as they were typed: neither make nor the shell expands what is in them
override PROFILE  := $(value PROFILE)
override NOTEBOOK := $(value NOTEBOOK)
override PART     := $(value PART)
override PARAMS   := $(value PARAMS)
override THREADS  := $(value THREADS)
override MINUTES  := $(value MINUTES)
override CLUSTER  := $(value CLUSTER)
override PORT     := $(value PORT)
override STRICT   := $(value STRICT)
override MODEL    := $(value MODEL)
override INPUTS   := $(value INPUTS)
override TARGETS  := $(value TARGETS)
override ACTION   := $(value ACTION)
override OUTPUT_ACTION := $(value OUTPUT_ACTION)
override BENCH    := $(value BENCH)
override TORCH_INDEX := $(value TORCH_INDEX)
export PROFILE NOTEBOOK PART PARAMS THREADS MINUTES CLUSTER PORT TORCH_INDEX
export MODEL INPUTS TARGETS ACTION OUTPUT_ACTION BENCH
CHOSEN := --notebook="$$NOTEBOOK" --part="$$PART"
LIMITS := --threads="$$THREADS" --minutes="$$MINUTES"
.DEFAULT_GOAL := help
.PHONY: help setup reproduce probe list book pdf serve lab others test bench verify verify-twice store clean lock

help:  ## what can be made
	@echo "usage: make TARGET [NAME=value ...]"
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16
	@echo "settings"
	@echo "  PROFILE=      smoke | quick | paper | full (now: $$PROFILE)"
	@echo "  NOTEBOOK=     one notebook, e.g. 11_o5_regression"
	@echo "  PART=         the notebooks of one part, I to V"
	@echo "  PARAMS=       its parameters, e.g. \"seed=3 hidden_width=64\" (result kept apart)"
	@echo "  THREADS=      that each notebook computes with (default: its share of all cores but one)"
	@echo "  MINUTES=      that a notebook may take, then it is stopped; what it measured is kept"
	@echo "  CLUSTER=      a Dask scheduler whose workers measure, e.g. tcp://10.0.0.1:8786 (default: this machine)"
	@echo "  MODEL=        of probe: package.module:name or file.py:name, code that you trust; or a program's file"
	@echo "  INPUTS=       of probe: its samples, .npy, .npz or .pt; TARGETS= labels of the first, held out"
	@echo "  ACTION=       of probe: how samples may move, e.g. \"Linear(5, copies=2)\"; OUTPUT_ACTION= outputs"
	@echo "  BENCH=        of bench: words in the names of those to run, as pytest -k takes them (default: all)"
	@echo "  PYTHON=       the Python that .venv is made with, 3.11 or newer (now: $(PYTHON))"
	@echo "  TORCH_INDEX=  package index to take PyTorch from, e.g. https://download.pytorch.org/whl/cpu"
	@echo "  LIEGG_DATA=   folder with data sets already downloaded, e.g. MNIST (default: data)"

setup: $(STAMP)  ## make .venv and install everything into it

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "liegg needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) --version 2>&1 || true`: make setup PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) lacks the venv module: install it (on Debian and Ubuntu: apt install python3-venv), then run make again"; exit 1; }
	@echo "setting up $(VENV): $(TORCH) first, then the locked packages; a few minutes the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH) $(if $(TORCH_INDEX),--index-url "$$TORCH_INDEX")
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

reproduce: $(STAMP)  ## run the experiments that are not up to date, then build the book
	@$(RUN) run --profile="$$PROFILE" $(CHOSEN) --params="$$PARAMS" $(LIMITS) --cluster="$$CLUSTER"

probe: $(STAMP)  ## which symmetries a model of your own has: MODEL= INPUTS= ACTION= TARGETS=
	@$(RUN) probe --model="$$MODEL" --inputs="$$INPUTS" --action="$$ACTION" --targets="$$TARGETS" \
	  --output-action="$$OUTPUT_ACTION"

list: $(STAMP)  ## what notebooks there are, how long each takes and whether it is up to date
	@$(RUN) list --profile="$$PROFILE" $(CHOSEN)

book: $(STAMP)  ## build the book from the results there are, run nothing
	@$(RUN) book --profile="$$PROFILE"

pdf: $(STAMP)  ## print the whole book as one PDF, book/_build/html/liegg.pdf (needs Chromium)
	@$(RUN) pdf --profile="$$PROFILE"

serve: $(STAMP)  ## show the built book at http://localhost:8000 (PORT=)
	@test -f book/_build/html/index.html || { echo "no book yet: make reproduce"; exit 1; }
	@$(VENV)/bin/python -m http.server "$$PORT" --bind 127.0.0.1 --directory book/_build/html

lab: $(LAB)  ## open the notebooks in JupyterLab, which the first call installs
	@$(VENV)/bin/jupyter lab notebooks

$(LAB): $(STAMP)
	@echo "installing JupyterLab into $(VENV)"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -e '.[lab]'
	@$(VENV)/bin/python -m ipykernel install --prefix $(VENV) --name python3 --display-name liegg
	@touch $@

others: $(OTHERS)  ## install the packages whose networks page 56 asks, e3nn and CHGNet

$(OTHERS): $(STAMP)
	@echo "installing e3nn and CHGNet into $(VENV)"
	@sed -n 's/^\([a-zA-Z0-9_.-]*==.*[^ \\]\) *\\*$$/\1/p' requirements.lock > $@.kept; echo '$(TORCH)' >> $@.kept
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $@.kept \
	  $$(sed -n '/^others = \[/,/^\]/s/^ *"\([^"]*\)",/\1/p' pyproject.toml)
	@mv $@.kept $@

test: $(STAMP)  ## lint, types and all tests but the slow ones, in some minutes
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/mypy
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n logical --dist loadfile

bench: $(STAMP)  ## how fast it is on this machine, for the book's page on speed, in half an hour or more; BENCH= chooses
	@mkdir -p book/_build/bench
	@$(VENV)/bin/python -m pytest benchmarks -k "$$BENCH" --benchmark-json=book/_build/bench/measured.json
	@$(VENV)/bin/python benchmarks/report.py book/_build/bench/measured.json "$$BENCH"

verify: $(STAMP)  ## hold the stored results against the code of today; NOTEBOOK= or PART= reruns those, STRICT=1 for a release
	@$(RUN) verify $(STORED) $(CHOSEN) $(if $(STRICT),--strict)

verify-twice: $(STAMP)  ## run everything twice at PROFILE, and say what is not the same
	@$(RUN) twice --profile="$$PROFILE" $(CHOSEN) $(LIMITS)

store: $(STAMP)  ## put the results of make reproduce PROFILE=paper in data/reference
	@$(RUN) store $(STORED) $(CHOSEN)

clean:  ## remove results and book (.venv stays)
	rm -rf book/_build

lock:  ## resolve requirements.lock anew (needs uv), without PyTorch, which is installed first, JupyterLab and the networks of others
	@$(PYTHON) -c 'import tomllib, itertools; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	  [p["optional-dependencies"].pop(extra) for extra in ("lab", "others")]; \
	  print(*(r for r in itertools.chain(p["dependencies"], *p["optional-dependencies"].values()) if not r.startswith(("torch", "liegg"))), sep="\n")' \
	| uv pip compile - --universal --python-version 3.11 --generate-hashes --no-annotate --quiet \
	  --custom-compile-command "make lock" --output-file requirements.lock
