# One image for every part of the product: the API, the worker, and the jobs `migrate` and `apply`.
# The first word after the image's name is the command: `docker run kundresa worker`.

ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
WORKDIR /source
RUN python -m venv /opt/kundresa
COPY pyproject.toml constraints.txt README.md cli.py settings.py worker.py ./
COPY activities activities
COPY api api
COPY commands commands
COPY local local
COPY mail mail
COPY rules rules
COPY store store
COPY workflows workflows
# Without the extras `local` and `dev`: servers, mailbox and tests stay out of the image.
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/kundresa/bin/pip install --disable-pip-version-check -c constraints.txt .

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin kundresa
COPY --from=build /opt/kundresa /opt/kundresa
# The content that comes with Kundresa; mount your own folders over these.
COPY journeys /app/journeys
COPY segments /app/segments
COPY policies /app/policies
COPY coupons /app/coupons
COPY templates /app/templates
COPY locale /app/locale
ENV PATH=/opt/kundresa/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    KUNDRESA_JOURNEYS_DIR=/app/journeys \
    KUNDRESA_TEMPLATES_DIR=/app/templates \
    KUNDRESA_LOCALE_DIR=/app/locale
WORKDIR /app
USER 10001
EXPOSE 8400 9464
ENTRYPOINT ["kundresa"]
CMD ["--help"]
