# Brume's images. BuildKit builds only the stages that a target needs (DOCKER_BUILDKIT=1; it is the default since 23).
#
#   docker build --target runtime .                              the static binary and nothing else
#   docker build --target debian .                               Debian, shared libraries, PostgreSQL as a store
#   docker build --target engine .                               the static binary beside llama.cpp's server, processor
#   docker build --target engine --build-arg ENGINE=cuda .       the same for NVIDIA cards
#   docker build --target runtime --build-arg ROOTFS=prebuilt .  what Scripts/image-root put into .build/image-root
#
# docs/docker.md says what each is for, and which of them are tested.

ARG BUILD_IMAGE=swift:6.3-bookworm
ARG DEBIAN_IMAGE=debian:bookworm-slim
ARG CUDA_ENGINE_IMAGE=ghcr.io/ggml-org/llama.cpp:server-cuda
# `built` compiles here; `prebuilt` takes .build/image-root of the context.
ARG ROOTFS=built
# `cpu` or `cuda`.
ARG ENGINE=cpu

FROM ${BUILD_IMAGE} AS toolchain
WORKDIR /src
COPY Scripts/install-dependencies Scripts/
RUN Scripts/install-dependencies build static
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests

FROM toolchain AS built-static
COPY Scripts Scripts
RUN Scripts/build-static && Scripts/image-root .build/static/brume /rootfs

FROM toolchain AS built-dynamic
RUN swift build -c release --product brume && strip --strip-all -o /brume .build/release/brume

FROM scratch AS rootfs-built
COPY --from=built-static /rootfs /

FROM scratch AS rootfs-prebuilt
COPY .build/image-root /

FROM rootfs-${ROOTFS} AS rootfs

# An image whose every layer is the server: no shell, no package manager, nothing to update but Brume.
FROM scratch AS runtime
COPY --from=rootfs / /
# Its owner and that of a new volume on it.
COPY --from=rootfs --chown=65532:65532 /empty/ /data/
ENV BRUME_DATA_DIR=/data BRUME_HOST=0.0.0.0 HOME=/data PATH=/usr/local/bin
USER 65532:65532
EXPOSE 4566
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2s --timeout=2s --start-period=30s --retries=3 CMD ["brume", "healthcheck"]
ENTRYPOINT ["brume"]
CMD ["start"]

FROM ${DEBIAN_IMAGE} AS debian
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        ca-certificates libdeflate0 libmimalloc2.0 libpq5 librocksdb7.8 libstdc++6 libyaml-0-2 poppler-utils zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65532 -g 65532 -m 0700 /data
COPY --from=built-dynamic /brume /usr/local/bin/brume
ENV BRUME_DATA_DIR=/data BRUME_HOST=0.0.0.0 HOME=/data
USER 65532:65532
EXPOSE 4566
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2s --timeout=2s --start-period=30s --retries=3 CMD ["brume", "healthcheck"]
ENTRYPOINT ["brume"]
CMD ["start"]

# llama.cpp's server on the processor, as `make run` installs it.
FROM ${DEBIAN_IMAGE} AS engine-cpu
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        ca-certificates libgomp1 libstdc++6 poppler-utils python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/brume
COPY Scripts Scripts
RUN Scripts/install-dependencies engine
ENV PATH=/usr/local/bin:/usr/bin:/bin:/opt/brume/.engine/bin

# llama.cpp's own image: its server for NVIDIA cards lies in /app.
FROM ${CUDA_ENGINE_IMAGE} AS engine-cuda
USER root
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends poppler-utils \
    && rm -rf /var/lib/apt/lists/*
ENV PATH=/usr/local/bin:/usr/bin:/bin:/app BRUME_MODEL_GPU_LAYERS=all

# Brume starts and ends the engine as a child of its own, one for each loaded model.
FROM engine-${ENGINE} AS engine
COPY --from=rootfs /usr/local/bin/brume /usr/local/bin/brume
RUN install -d -o 65532 -g 65532 -m 0700 /data
ENV BRUME_DATA_DIR=/data BRUME_HOST=0.0.0.0 HOME=/data
WORKDIR /data
USER 65532:65532
EXPOSE 4566
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2s --timeout=2s --start-period=30s --retries=3 CMD ["brume", "healthcheck"]
ENTRYPOINT ["brume"]
CMD ["start"]
