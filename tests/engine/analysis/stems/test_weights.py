import hashlib
from pathlib import Path

import pytest

from engine.analysis.stems.weights import find_weights
from engine.model.errors import RemixtureError
from tests.engine.analysis.stems.tiny import write_header_only

KLASS = "demucs.htdemucs.HTDemucs"


def test_a_file_is_known_by_its_sha256(tmp_path: Path) -> None:
    file = write_header_only(tmp_path / "a.safetensors", klass=KLASS)

    weights = find_weights(file)

    assert weights.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (weights.name, weights.files) == ("a", (file,))
    assert find_weights(tmp_path).sha256 == weights.sha256


def test_a_right_checksum_passes_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    file = write_header_only(tmp_path / "a.safetensors", klass=KLASS)
    note = tmp_path / "a.safetensors.sha256"

    note.write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  a.safetensors\n")
    find_weights(file)

    note.write_text(f"{'0' * 64}  a.safetensors\n")
    with pytest.raises(RemixtureError, match=r"not the file that a\.safetensors\.sha256 describes"):
        find_weights(file)


@pytest.mark.parametrize("klass", ["os.system", "demucs.hdemucs.HDemucs.__init__", "demucs.demucs.Demucs", ""])
def test_only_two_classes_are_loaded(tmp_path: Path, klass: str) -> None:
    file = write_header_only(tmp_path / "a.safetensors", klass=klass)

    with pytest.raises(RemixtureError, match="only plain HTDemucs and HDemucs"):
        find_weights(file)


def test_a_nested_state_could_name_classes_too(tmp_path: Path) -> None:
    file = write_header_only(tmp_path / "a.safetensors", klass=KLASS, structure='{"_class": "os.system"}')

    with pytest.raises(RemixtureError, match="only plain"):
        find_weights(file)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    file = write_header_only(tmp_path / "a.safetensors", klass=KLASS)
    file.write_bytes(file.read_bytes()[:-2])

    with pytest.raises(RemixtureError, match=r"a\.safetensors: missing, damaged or cut short"):
        find_weights(file)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "955717e8.th").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")

    with pytest.raises(RemixtureError, match="pickles"):
        find_weights(tmp_path)


def test_a_bag_lists_its_models_in_order(tmp_path: Path) -> None:
    files = [write_header_only(tmp_path / f"{n}.safetensors", klass=KLASS, n=n) for n in "ab"]
    (tmp_path / "both.yaml").write_text("models: ['b', 'a']\nweights: [[1, 0], [0, 1]]\nsegment: 44")

    weights = find_weights(tmp_path)

    assert (weights.name, weights.segment) == ("both", 44.0)
    assert weights.files == (files[1], files[0])
    assert weights.shares == ((1.0, 0.0), (0.0, 1.0))

    (tmp_path / "both.yaml").write_text("models: ['a', 'b']\nweights: [[1, 0], [0, 1]]")
    assert find_weights(tmp_path).sha256 != weights.sha256


@pytest.mark.parametrize("text", ["", "models: 3", "models: []", "models: ['../a']", "models: [a]\nweights: x", "{"])
def test_a_bag_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    write_header_only(tmp_path / "a.safetensors", klass=KLASS)
    (tmp_path / "bag.yaml").write_text(text)

    with pytest.raises(RemixtureError, match=r"bag\.yaml"):
        find_weights(tmp_path)


def test_several_models_without_a_list_are_not_guessed(tmp_path: Path) -> None:
    for n in "ab":
        write_header_only(tmp_path / f"{n}.safetensors", klass=KLASS)

    with pytest.raises(RemixtureError, match="2 models"):
        find_weights(tmp_path)


@pytest.mark.parametrize("model", ["mdx_extra", "no/such/folder", "no.safetensors"])
def test_an_unknown_model_gets_the_names_there_are(model: str) -> None:
    with pytest.raises(RemixtureError, match="htdemucs_ft"):
        find_weights(model)
