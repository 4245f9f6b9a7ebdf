# The images of ChurnOps: targets operator, server, trainer and s3 (an embedded store for trials).
#
#   docker build --target operator -t REGISTRY/churnops/operator:TAG .
#
# builds from the sources alone. Two stages may be replaced by folders, which is how hack/images builds in seconds and without
# an image registry: --build-context bundle=dist --build-context versitygw=FOLDER. A replaced stage is not run.
#
# Base images need glibc and libstdc++ (onnxruntime, DuckDB): Debian and distroless have them, Alpine has not.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG NODE_BUILD_IMAGE=node:24-bookworm-slim
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG GO_IMAGE=golang:1.26-bookworm

FROM ${NODE_BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Without scripts: they only fetch programs that the bundle does not need (a second Node.js, CUDA).
RUN npm ci --ignore-scripts
COPY . .
RUN node hack/bundle.ts

FROM scratch AS bundle
COPY --from=build /src/dist /

FROM ${NODE_IMAGE} AS operator
ENV NODE_ENV=production PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/nodejs/bin
WORKDIR /app
COPY --from=bundle /operator.mjs /operator.mjs.map ./
USER 65532:65532
EXPOSE 9090
# Without --enable-source-maps: the first stack trace of anything, a lost watch, would cost 60 MB for good. Names and lines are kept by the
# bundle; NODE_OPTIONS=--enable-source-maps gives those of the sources. A small young generation, and an old one that starts
# small and stays near what lives: garbage is collected, not kept. What the first lists leave behind would be kept until the heap has grown to
# V8's first limit; pages that are half empty are given back (--optimize-for-size). With a thousand models that is a fifth less, for the same
# processor time. One arena of glibc, which gives large blocks back: lists of a thousand models left it twice what the heap holds (claim `scale`).
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
ENTRYPOINT ["node", "--optimize-for-size", "--max-semi-space-size=4", "--initial-old-space-size=48", "--heap-growing-percent=30", "/app/operator.mjs"]

FROM ${NODE_IMAGE} AS server
ENV NODE_ENV=production PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/nodejs/bin
WORKDIR /app
# The native libraries first: they are the large layer, and they change least.
COPY --from=bundle /node_modules ./node_modules
COPY --from=bundle /server.mjs /server.mjs.map ./
USER 65532:65532
EXPOSE 8080 9090
# Memory that stays (claim `fuzz`). By default V8's young generation grows to 128 MiB under load, its old one to a multiple of what lives,
# and what glibc's arenas and heap once held for large bodies stays resident: together 1.6 times the memory of a fresh pod. Source maps
# would be 60 MB more, as above.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
ENTRYPOINT ["node", "--min-semi-space-size=16", "--max-semi-space-size=16", "--heap-growing-percent=25", "/app/server.mjs"]

FROM ${PYTHON_IMAGE} AS trainer
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin
# A virtual environment, because Debian's Python does not take packages from elsewhere.
RUN python3 -m venv /opt/venv
COPY models/trainer/requirements.txt /opt/trainer/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /opt/trainer/requirements.txt
COPY models/trainer/trainer /opt/trainer/trainer
# Importable from anywhere; the working directory is the user's.
ENV PYTHONPATH=/opt/trainer HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["python", "-m", "trainer"]

FROM ${GO_IMAGE} AS versitygw-build
# Keep in step with hack/tools/build.
RUN CGO_ENABLED=0 GOBIN=/out go install -trimpath -ldflags "-s -w" github.com/versity/versitygw/cmd/versitygw@v1.7.0

FROM scratch AS versitygw
COPY --from=versitygw-build /out /

FROM scratch AS s3
COPY --from=versitygw /versitygw /versitygw
USER 65532:65532
EXPOSE 7070
ENTRYPOINT ["/versitygw"]
