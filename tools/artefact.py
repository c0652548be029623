"""Builds what `sam deploy` would ship, for the Python at hand, and knows where its parts lie."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
HANDLERS = {
    "PreAnnotationFunction": "pre_annotation.app.lambda_handler",
    "ConsolidationFunction": "consolidation.app.lambda_handler",
}
_SOURCES = ("template.yaml", "samconfig.toml", "tools/build.sh", "shared", "pre_annotation", "consolidation")
_BUILD_SECONDS = 300


@dataclass(frozen=True)
class Artefact:
    """The output of one `sam build`.

    Attributes:
        folder: holds template.yaml and one folder for each function and the layer.
    """

    folder: Path

    @property
    def template(self) -> Path:
        """The built template, which `sam deploy` reads."""
        return self.folder / "template.yaml"

    @property
    def layer(self) -> Path:
        """What Lambda unpacks into /opt/python."""
        return self.folder / "SharedLayer" / "python"

    def function(self, name: str) -> Path:
        """What Lambda unpacks into /var/task for the function of this logical id."""
        return self.folder / name


def tool(environment: str, name: str) -> Path:
    """An executable of one of the environments that `make setup` makes.

    Raises:
        FileNotFoundError: `make setup` has not run.
    """
    path = ROOT / ".tools" / environment / "bin" / name
    if not path.exists():
        raise FileNotFoundError(f"{path.relative_to(ROOT)} is missing: run `make setup`")
    return path


def sam_environment() -> dict[str, str]:
    """The environment for `sam`: this interpreter on PATH, as sam wants one of the runtime's version; no phoning home."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"}


def build() -> Artefact:
    """The artefact of the sources as they are now; `sam build` runs only when they have changed since the last time.

    Safe to call from several processes at once: one builds, the others wait and take the same result.

    Raises:
        RuntimeError: `sam build` failed; carries its output.
    """
    home = ROOT / ".aws-sam" / "artefact" / RUNTIME
    home.mkdir(parents=True, exist_ok=True)
    stamp = home / "sources.sha256"
    with _locked(home / "lock"):
        wanted = _digest_of_sources()
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            _sam_build(home)
            stamp.write_text(wanted)
    return Artefact(home / "build")


def unzipped_bytes(folder: Path) -> int:
    """Bytes of all files in a folder: what Lambda's limit of 250 MB counts."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def zipped_bytes(folder: Path, scratch: Path) -> int:
    """Bytes of the folder as a zip file, which is what is uploaded. The zip is made in `scratch` and left there."""
    target = scratch / f"{folder.name}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target.stat().st_size


def _sam_build(home: Path) -> None:
    command: list[str | Path] = [ROOT / "tools" / "build.sh", tool("sam", "sam"), RUNTIME, ARCHITECTURE]
    command += [home / "build", home / "cache"]
    run = subprocess.run(
        command,
        cwd=ROOT,
        env=sam_environment(),
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    if run.returncode != 0:
        raise RuntimeError(f"sam build failed:\n{run.stdout}\n{run.stderr}")


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    for path in _source_files():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _source_files() -> Iterator[Path]:
    for name in _SOURCES:
        place = ROOT / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
