# The README's two commands where there is Docker or Podman and nothing else.
#
#   docker build --tag liegg .       --build-arg TORCH_INDEX= takes PyTorch's default build, for docker run --gpus all
#   docker run --name liegg liegg    make reproduce; docker stop liegg ends it, docker start --attach liegg goes on
#   docker run --rm liegg make test
#   docker cp liegg:/liegg/book/_build/html liegg-book    then open liegg-book/index.html
#
# All of it runs as user 1000. What docker cp copies belongs to whoever asks. A volume that Docker makes,
# --volume liegg-results:/liegg/book/_build, keeps results from one container to the next and belongs to user 1000 too;
# a folder of yours that is mounted there must be writable for that user. Data sets that you have:
# --volume /folder/of/yours:/data --env LIEGG_DATA=/data. Results name the commit they are from, so .git comes along.
FROM python:3.11-slim-bookworm

# libatomic1: Playwright, by which tests look at pages, brings a Node.js that needs it.
# hadolint ignore=DL3008 # Debian keeps no version that it has replaced, so that a pinned one is soon not there
RUN apt-get update \
 && apt-get install --yes --no-install-recommends chromium git libatomic1 make \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --create-home reader \
 && install --directory --owner=1000 --group=1000 /liegg

USER 1000
WORKDIR /liegg
ENV PIP_NO_CACHE_DIR=1

# All that the set-up reads, before the rest of the code: a change there installs no package anew.
COPY --chown=1000:1000 Makefile pyproject.toml requirements.lock README.md LICENSE ./
COPY --chown=1000:1000 liegg/__init__.py liegg/
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN make setup

COPY --chown=1000:1000 . .
# The files are those set up from, whatever their dates say; and a volume takes its owner from the folder it covers.
RUN make --touch setup && mkdir book/_build

CMD ["make", "reproduce"]
