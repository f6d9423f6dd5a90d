# BMS with Microsoft's ODBC driver, for a database that BMS_DATABASE_URL names. deploy/README.md tells how it is used.
#
# Microsoft's driver comes with the wheel of the mssql extra, so none of its repositories is needed. It wants Kerberos's
# libraries of the system, and OpenSSL, which Python has there already; pyodbc wants the driver manager, unixODBC.
FROM python:3.13-slim-trixie AS build

# The image below gets what was installed, without the source.
WORKDIR /src
COPY setup.cfg setup.py pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY bms bms
RUN python -m venv /opt/bms \
    && /opt/bms/bin/pip install --no-cache-dir '.[mssql]'

FROM python:3.13-slim-trixie

# Debian's repositories keep the newest version alone, so none is named.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgssapi-krb5-2 unixodbc \
    && rm -rf /var/lib/apt/lists/*

# By its number, which a host that wants no root can check, and a volume's owner can be set to.
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

# In the exec form, so that SIGTERM reaches BMS itself and it stops serving in good order.
CMD ["bms", "serve"]
