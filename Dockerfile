# BMS with the ODBC drivers of SQL Server and PostgreSQL, for the database in BMS_DATABASE_URL. deploy/README.md says how
# to use it.
#
# The wheel of the mssql extra contains Microsoft's driver, so no Microsoft repository is needed. The driver needs the
# system's Kerberos libraries, and OpenSSL, which the Python image already has. pyodbc needs unixODBC, the driver
# manager.
FROM python:3.13-slim-trixie AS build

# The final image gets only the installed files, without the source. Every package is of constraints.txt, with its hash.
WORKDIR /src
RUN python -m venv /opt/bms /opt/build
COPY setup.cfg setup.py pyproject.toml constraints.txt README.md CHANGELOG.md CONTRIBUTING.md LICENSE .env.example ./
COPY script/pins script/pins
RUN python script/pins mssql,redis,amqp >/tmp/pins \
    && /opt/bms/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/pins \
    && python script/pins guide >/tmp/pins \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/pins
COPY docs docs
COPY deploy deploy
COPY migrations migrations
COPY bms bms
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /tmp/wheel . \
    && /opt/bms/bin/pip install --no-cache-dir --no-deps /tmp/wheel/*.whl \
    && /opt/bms/bin/pip check

FROM python:3.13-slim-trixie

# Debian's repositories keep only the newest version, so no version is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgssapi-krb5-2 odbc-postgresql unixodbc \
    && rm -rf /var/lib/apt/lists/*

# A fixed number lets a host check that the user is not root, and lets you set the owner of a volume.
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /var/lib/bms bms \
    && install --directory --owner=bms --group=bms --mode=0700 /var/lib/bms

COPY --from=build /opt/bms /opt/bms

ENV PATH=/opt/bms/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BMS_HOST=0.0.0.0 \
    BMS_DATA_DIR=/var/lib/bms
USER 10001
VOLUME /var/lib/bms
EXPOSE 8080

# The exec form: SIGTERM reaches BMS itself, which then shuts down gracefully.
CMD ["bms", "serve"]
