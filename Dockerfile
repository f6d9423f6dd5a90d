# BMS with Microsoft's ODBC driver, for the database in BMS_DATABASE_URL. See deploy/README.md for its use.
#
# The wheel of the mssql extra contains Microsoft's driver, so no Microsoft repository is needed. The driver needs the
# system's Kerberos libraries, and OpenSSL, which the Python image already has. pyodbc needs unixODBC, the driver
# manager.
FROM python:3.13-slim-trixie AS build

# The final image gets only the installed files, without the source.
WORKDIR /src
COPY setup.cfg setup.py pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY bms bms
RUN python -m venv /opt/bms \
    && /opt/bms/bin/pip install --no-cache-dir '.[mssql]'

FROM python:3.13-slim-trixie

# Debian's repositories keep only the newest version, so no version is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgssapi-krb5-2 unixodbc \
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
