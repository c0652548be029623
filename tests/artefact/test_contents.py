"""What `sam build` ships: the packages and what they import, for the runtime's system, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from email.parser import HeaderParser
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

import pytest

from tools.artefact import ARCHITECTURE, HANDLERS, ROOT, RUNTIME, Artefact, tool, unzipped_bytes
from tools.runtime import lambda_environment

# The C library of each runtime: python3.11 runs on Amazon Linux 2, all later ones on Amazon Linux 2023.
GLIBC = (2, 26) if RUNTIME == "python3.11" else (2, 34)
MACHINE = {"x86_64": "x86_64", "arm64": "aarch64"}[ARCHITECTURE]
UNZIPPED_LIMIT = 120_000_000
# What the Lambda runtime brings by itself, and what boto3 needs there.
FROM_THE_RUNTIME = {
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six",
    "urllib3",
}
IMPORTED = """
import importlib, json, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items() if name not in before}
json.dump({name: file for name, file in files.items() if file}, sys.stdout)
"""


def python_files(folder: Path) -> set[str]:
    """Paths of the Python files under a folder, relative to it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*.py")}


@pytest.mark.parametrize(
    ("function", "package"),
    [("PreAnnotationFunction", "pre_annotation"), ("ConsolidationFunction", "consolidation")],
)
def test_a_function_holds_its_package_and_nothing_else(
    artefact: Artefact, function: str, package: str
) -> None:
    """With its subpackages; without tests, data, docs, tools or dependencies. Byte code apart, see below."""
    folder = artefact.function(function)
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    shipped = {str(path.relative_to(folder)) for path in files}
    assert shipped == {f"{package}/{path}" for path in python_files(ROOT / package)}


def test_the_consolidation_has_its_subpackages(artefact: Artefact) -> None:
    """`sam build` copies nested packages too."""
    package = artefact.function("ConsolidationFunction") / "consolidation"
    assert {path.name for path in package.iterdir() if path.is_dir()} >= {"estimation", "kinds"}


def test_the_layer_holds_the_shared_package(artefact: Artefact) -> None:
    """Under its own name, so that imports are the same in Lambda and in tests."""
    assert python_files(artefact.layer / "shared") == python_files(ROOT / "shared")


def modules(artefact: Artefact) -> list[Path]:
    """This project's own modules in the artefact."""
    folders = [artefact.layer / "shared", *(artefact.function(name) for name in HANDLERS)]
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]


def test_every_module_comes_with_byte_code_of_just_its_source(artefact: Artefact) -> None:
    """Else each cold start would compile it; checked by hash (flags 3), so that a changed source is never passed over."""
    for source in modules(artefact):
        compiled = Path(cache_from_source(str(source))).read_bytes()
        expected = MAGIC_NUMBER + (3).to_bytes(4, "little") + source_hash(source.read_bytes())
        assert compiled[:16] == expected, source


def test_the_artefact_names_no_folder_of_the_machine_it_was_built_on(artefact: Artefact) -> None:
    """Tracebacks name /var/task and /opt, where Lambda unpacks the code."""
    compiled = [Path(cache_from_source(str(source))).read_bytes() for source in modules(artefact)]
    assert not any(str(ROOT).encode() in code for code in compiled)
    assert all(b"/var/task/" in code or b"/opt/python/" in code for code in compiled)


def test_the_layer_holds_exactly_the_pinned_dependencies(artefact: Artefact) -> None:
    """Neither boto3, which the runtime has, nor anything of the developer's tools."""
    lines = (ROOT / "shared" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].replace("-", "_") for line in lines if "==" in line and line[0] != "#"}
    installed = {path.name.partition("-")[0] for path in artefact.layer.glob("*.dist-info")}
    assert installed == pinned


def test_every_wheel_fits_the_runtime(artefact: Artefact) -> None:
    """Its interpreter, its processor, and its C library, which may be older than this machine's."""
    wheels = sorted(artefact.layer.glob("*.dist-info/WHEEL"))
    assert len(wheels) >= 5
    tags = {path.parent.name: HeaderParser().parsestr(path.read_text()).get_all("Tag", []) for path in wheels}
    unfit = {name: found for name, found in tags.items() if not any(fits(tag) for tag in found)}
    assert unfit == {}


def fits(tag: str) -> bool:
    """Whether a wheel of this tag (such as cp313-cp313-manylinux_2_28_x86_64) works on the runtime."""
    interpreter, abi, system = tag.split("-")
    if interpreter not in {"py3", RUNTIME.replace("python", "cp").replace(".", "")} and abi != "abi3":
        return False
    if system == "any":
        return True
    system = system.replace("manylinux2014", "manylinux_2_17")
    match = re.fullmatch(r"manylinux_(\d+)_(\d+)_(\w+)", system)
    return match is not None and (int(match[1]), int(match[2])) <= GLIBC and match[3] == MACHINE


@pytest.mark.parametrize(
    ("tag", "does_fit"),
    [
        ("py3-none-any", True),
        (f"{RUNTIME.replace('python', 'cp').replace('.', '')}-none-manylinux2014_{MACHINE}", True),
        (f"{RUNTIME.replace('python', 'cp').replace('.', '')}-none-manylinux_2_39_{MACHINE}", False),
        (f"cp310-cp310-manylinux2014_{MACHINE}", False),
        ("py3-none-manylinux2014_s390x", False),
        ("py3-none-win_amd64", False),
    ],
)
def test_a_wheel_fits_by_its_tag(tag: str, does_fit: bool) -> None:
    """The check above is itself checked."""
    assert fits(tag) is does_fit


def test_the_artefact_is_well_within_lambdas_size_limit(artefact: Artefact) -> None:
    """Function and layer together, unzipped; Lambda allows 250 MB, and a larger artefact starts later."""
    layer = unzipped_bytes(artefact.layer)
    sizes = {name: layer + unzipped_bytes(artefact.function(name)) for name in HANDLERS}
    assert max(sizes.values()) < UNZIPPED_LIMIT


@pytest.mark.parametrize("function", HANDLERS)
def test_what_a_function_imports_comes_from_the_artefact(artefact: Artefact, function: str) -> None:
    """Only boto3 and Python's own library come from the runtime; nothing comes from the work tree."""
    module = HANDLERS[function].rpartition(".")[0]
    variables = {"ALLOWED_LOCATIONS": "acme-in/", "POWERTOOLS_SERVICE_NAME": "test"}
    run = subprocess.run(
        [tool("runtime", "python"), "-c", IMPORTED, module],
        env=lambda_environment(artefact, function, variables),
        cwd=artefact.function(function),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    files: dict[str, str] = json.loads(run.stdout)
    assert {"shared", module} <= files.keys()
    outside = {name.partition(".")[0] for name, file in files.items() if "site-packages" in file}
    assert outside <= FROM_THE_RUNTIME
    astray = [
        file for file in files.values() if file.startswith(f"{ROOT}/") and not is_expected(file, artefact)
    ]
    assert astray == []


def is_expected(file: str, artefact: Artefact) -> bool:
    """Whether a module of this project's folder lies in the artefact or in the stand-in for Lambda's runtime."""
    return file.startswith((f"{artefact.folder}/", f"{ROOT / '.tools' / 'runtime'}/"))
