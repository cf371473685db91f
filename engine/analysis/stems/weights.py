"""Which weights Demucs may load, where they are, and whether they are what they say.

Only safetensors are opened, never pickles, since those run code; and of safetensors only those whose header names one of
Demucs' two hybrid classes, since Demucs imports whatever stands there. A file `NAME.safetensors.sha256` beside a local
`NAME.safetensors` (as `sha256sum` writes it) is checked. Nothing here imports torch.

A local model is one `.safetensors` file, or a folder with one, or a folder with several and the `.yaml` that Demucs' bags
of models have (`models: [NAME, ...]`, optionally `weights` and `segment`).
"""

import hashlib
import os
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.model.errors import RemixtureError

HUB_MODELS = {
    "htdemucs": "adefossez/HTDemucs",
    "htdemucs_ft": "adefossez/HTDemucs-ft",
    "htdemucs_6s": "adefossez/HTDemucs-6s",
    "hdemucs_mmi": "adefossez/Demucs-hdemucs_mmi",
}
"""Repositories on the Hugging Face hub, by Demucs' own naming."""
CLASSES = frozenset({"demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs"})
ANSWER_SECONDS = 3.0
"""How long the hub may take to answer."""


class NoWeightsError(RemixtureError):
    """A model of the hub is not on this machine and cannot be fetched now."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The files of one model, each checked. `sha256` is that of the only file, or of the list of several.

    `shares` says how much each file counts for each stem (None: all the same), `segment` is the length in seconds that they
    work on at a time (None: their own).
    """

    name: str
    files: tuple[Path, ...]
    sha256: str
    shares: tuple[tuple[float, ...], ...] | None = None
    segment: float | None = None


def find_weights(model: str | Path) -> Weights:
    """Return the weights of a model of the hub or of a local one; a download may follow once the hub has answered.

    Raises
    ------
    NoWeightsError
        If a model of the hub is neither in the local cache nor to be had within `ANSWER_SECONDS`.
    RemixtureError
        If there is no such model, or if a file is damaged or refused.
    """
    if str(model) in HUB_MODELS:
        return _from_hub(str(model))
    path = Path(model).expanduser()
    if path.is_dir():
        return _from_folder(path)
    if path.suffix == ".safetensors" and path.is_file():
        return _weights(path.stem, (path,))
    raise RemixtureError(
        f"no Demucs model {str(model)!r}: neither a folder nor a .safetensors file, nor one of {', '.join(HUB_MODELS)}"
    )


def _from_folder(folder: Path) -> Weights:
    files, bags = sorted(folder.glob("*.safetensors")), sorted(folder.glob("*.yaml"))
    if not files:
        raise RemixtureError(
            f"{folder} holds no .safetensors file (.th files are pickles, which could run anything: not opened)"
        )
    if len(bags) == 1:
        return _bagged(bags[0].stem, bags[0], lambda name: folder / name)
    if len(files) == 1 and not bags:
        return _weights(folder.resolve().name, (files[0],))
    raise RemixtureError(f"{folder} holds {len(files)} models and {len(bags)} .yaml files: name one .safetensors file in it")


def _from_hub(name: str) -> Weights:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.utils.tqdm import disable_progress_bars

    repo = HUB_MODELS[name]
    if not sys.stderr.isatty():
        disable_progress_bars()

    def fetched(file: str) -> Path:
        cached = try_to_load_from_cache(repo, file)
        if isinstance(cached, str):
            return Path(cached)
        _check_answer(name, repo, file)
        try:
            return Path(hf_hub_download(repo, file, etag_timeout=ANSWER_SECONDS))
        except Exception as error:
            # Which HTTP library raises what here changes with the hub's version.
            raise NoWeightsError(f"the weights of {name} could not be fetched ({first_line(error)})") from error

    return _bagged(name, fetched(f"{name}.yaml"), fetched)


def _check_answer(name: str, repo: str, file: str) -> None:
    """Ask the hub whether it has a file, once and briefly: its own client tries for 24 s."""
    from huggingface_hub import constants

    why = ["no answer"]
    request = urllib.request.Request(f"{constants.ENDPOINT}/{repo}/resolve/main/{file}", method="HEAD")  # noqa: S310 - https

    def ask() -> None:
        try:
            urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310 - the hub's own address
            why.clear()
        except (OSError, ValueError) as error:
            why[:] = [str(getattr(error, "reason", error))]

    if constants.HF_HUB_OFFLINE:
        raise NoWeightsError(f"the weights of {name} are not on this machine, and HF_HUB_OFFLINE is set")
    # A thread, because looking up a name knows no time limit.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    if why:
        raise NoWeightsError(f"the weights of {name} are not on this machine, and {constants.ENDPOINT} gave: {why[0]}")


def _bagged(name: str, bag: Path, find: Callable[[str], Path]) -> Weights:
    """Return the weights that a bag of models lists."""
    import yaml  # type: ignore[import-untyped]

    try:
        content = yaml.safe_load(bag.read_text(encoding="utf-8"))
        names = [str(signature) for signature in content["models"]]
        shares = tuple(tuple(float(share) for share in row) for row in content.get("weights") or ())
        segment = float(content["segment"]) if content.get("segment") else None
    except (OSError, ValueError, yaml.YAMLError, LookupError, AttributeError, TypeError) as error:
        raise RemixtureError(f"{bag} is no list of models ({first_line(error)})") from error
    if not names or any(Path(n).name != n for n in names):
        raise RemixtureError(f"{bag} must list models by the names of files beside it, got {names}")
    return _weights(name, tuple(find(f"{n}.safetensors") for n in names), shares or None, segment)


def _weights(
    name: str, files: tuple[Path, ...], shares: tuple[tuple[float, ...], ...] | None = None, segment: float | None = None
) -> Weights:
    digests = [_checked(file) for file in files]
    together = hashlib.sha256("\n".join([*digests, repr(shares)]).encode()).hexdigest()
    return Weights(name, files, digests[0] if len(digests) == 1 else together, shares, segment)


def _checked(file: Path) -> str:
    """Return the SHA-256 of a file after checking it and what it would load."""
    from safetensors import SafetensorError, safe_open

    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        with safe_open(os.fspath(file), framework="numpy") as tensors:
            header = tensors.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise RemixtureError(f"cannot read the weights {file}: missing, damaged or cut short ({first_line(error)})") from error
    note = file.with_name(f"{file.name}.sha256")
    if note.exists() and (note.read_text(encoding="utf-8").split() or [""])[0].lower() != digest:
        raise RemixtureError(f"{file} is not the file that {note.name} describes: copy or download it again")
    if header.get("klass") not in CLASSES or "structure" in header:
        raise RemixtureError(f"{file} names {header.get('klass', 'no class')!s}: only plain HTDemucs and HDemucs are loaded")
    return digest


def first_line(error: BaseException) -> str:
    """Return an error's first line, or its name where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
