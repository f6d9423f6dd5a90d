"""What setup.cfg cannot say: migrations are a package of their own, and the wheel holds the built guide."""

import tempfile
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py


class BuildWithGuide(build_py):
    """Builds the package, with the guide in it. An editable installation has what script/guide builds."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            from sphinx.cmd.build import build_main

            guide = Path(self.build_lib) / "bms" / "web" / "built_guide"
            with tempfile.TemporaryDirectory() as between:
                strict = ["--quiet", "--fail-on-warning", "--keep-going", "-b", "html", "-d", between]
                if build_main([*strict, "docs", str(guide)]):
                    raise SystemExit("the guide has faults, so the package was not built")
            for of_no_use in (".buildinfo", "objects.inv"):
                (guide / of_no_use).unlink(missing_ok=True)


setup(
    packages=[*find_packages(include=["bms", "bms.*"]), "bms.migrations"],
    package_dir={"bms.migrations": "migrations"},
    cmdclass={"build_py": BuildWithGuide},
)
