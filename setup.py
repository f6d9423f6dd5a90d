"""What setup.cfg cannot say: the directory ``migrations`` is installed as the package ``bms.migrations``."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["bms", "bms.*"]), "bms.migrations"],
    package_dir={"bms.migrations": "migrations"},
)
