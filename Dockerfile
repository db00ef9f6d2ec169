# Mem in a container: `docker build -t mem:latest .`; how to run it stands in docs/operations.md.
# The two images below are named with the versions that they were tried with.
FROM python:3.12-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/mem
WORKDIR /build
# What is locked changes rarely and is a layer of its own.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project --no-cache --extra ocr --extra mcp --extra celery --extra s3 --extra oidc
COPY README.md LICENSE ./
COPY src ./src
RUN uv sync --locked --no-dev --no-editable --no-cache --extra ocr --extra mcp --extra celery --extra s3 --extra oidc

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 mem \
    && useradd --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin mem \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/mem /opt/mem
COPY --chmod=0755 deploy/docker/entrypoint.sh /usr/local/bin/mem-entrypoint
ENV PATH=/opt/mem/bin:/usr/local/bin:/usr/bin:/bin \
    MEM_DATA_DIR=/data \
    MEM_API__HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-m", "mem.healthcheck", "/data"]
ENTRYPOINT ["mem-entrypoint"]
CMD ["serve"]
