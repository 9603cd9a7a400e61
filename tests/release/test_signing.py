"""Signed bundles, and the page that a check fills."""

import errno
from html import unescape
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.release.bundle import FIXED_TIME
from dataselect_gui.release.signing import read_public
from dataselect_gui.release.verify import verify_bundle
from dataselect_gui.texts.promises import CHECKS_HOLD
from tests.releases import document_of, files, rebuild, release

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(params=["pem", "openssh"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    return key_pair(tmp_path, "owner", request.param)


def key_pair(folder: Path, name: str, form: str = "pem") -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    pem = form == "pem"
    private = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8 if pem else PrivateFormat.OpenSSH, NoEncryption()
    )
    public = key.public_key().public_bytes(
        Encoding.PEM if pem else Encoding.OpenSSH,
        PublicFormat.SubjectPublicKeyInfo if pem else PublicFormat.OpenSSH,
    )
    (folder / name).write_bytes(private)
    (folder / f"{name}.pub").write_bytes(public)
    return folder / name, folder / f"{name}.pub"


def results(bundle: Path, key: Path | None = None) -> dict[str, bool]:
    checks = verify_bundle(bundle, None, None if key is None else read_public(key))
    return {check.name: check.ok for check in checks}


def test_a_signed_bundle_is_known_by_its_owners_key(
    project: Path, tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    release(project, tmp_path / "b", sign=keys[0])
    assert all(results(tmp_path / "b", keys[1]).values())
    assert results(tmp_path / "b")["signature"]
    assert not results(tmp_path / "b", key_pair(tmp_path, "other")[1])["signature"]


def test_a_rebuilt_bundle_is_known_by_its_signature(
    project: Path, tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    release(project, tmp_path / "b", sign=keys[0])
    image = next((tmp_path / "b/data/train").glob("*.png"))
    other = next(path for path in (tmp_path / "b/data/train").glob("*.png") if path != image)
    image.write_bytes(other.read_bytes())
    rebuild(tmp_path / "b")
    passed = results(tmp_path / "b", keys[1])
    assert not passed.pop("signature")
    # Nothing else shows it but the description, which names each file's digest alone for the listing.
    assert all(passed.values())


def test_a_bundle_without_its_signature_is_refused_by_whoever_has_the_key(
    project: Path, tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    release(project, tmp_path / "b", sign=keys[0])
    (tmp_path / "b/SHA256SUMS.sig").unlink()
    assert not results(tmp_path / "b", keys[1])["signature"]
    assert "signature" not in results(tmp_path / "b")


@pytest.mark.parametrize("place", [0, 5, 10, 60, 80, 200])
def test_a_damaged_signature_is_found_without_any_key(
    project: Path, tmp_path: Path, place: int
) -> None:
    release(project, tmp_path / "b", sign=key_pair(tmp_path, "owner")[0])
    path = tmp_path / "b/SHA256SUMS.sig"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert not results(tmp_path / "b")["signature"]


def test_the_same_release_again_is_signed_the_same(
    project: Path, tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    release(project, tmp_path / "one")
    release(project, tmp_path / "one", sign=keys[0])
    release(project, tmp_path / "two", sign=keys[0])
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert results(tmp_path / "one", keys[1])["signature"]
    release(project, tmp_path / "one")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    # When it was signed is told by neither.
    for bundle in (tmp_path / "one", tmp_path / "two"):
        assert {path.stat().st_mtime for path in (bundle, *bundle.rglob("*"))} == {FIXED_TIME}


@pytest.mark.parametrize("step", ["signature_of", "_flush"])
def test_a_bundle_is_whole_while_it_is_signed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    private, public = key_pair(tmp_path, "owner")
    release(project, tmp_path / "b")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"dataselect_gui.release.bundle.{step}", full)
        with pytest.raises(UnusableError, match="cannot be written"):
            release(project, tmp_path / "b", sign=private)
    assert all(results(tmp_path / "b").values())
    assert release(project, tmp_path / "b", sign=private).repeated
    assert all(results(tmp_path / "b", public).values())


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_is_told(project: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UnusableError, match="cannot be used as a key"):
        release(project, tmp_path / "b", sign=tmp_path / "key")
    with pytest.raises(UnusableError, match="cannot be used as a key"):
        release(project, tmp_path / "b", sign=tmp_path / "nowhere")
    release(project, tmp_path / "b")
    with pytest.raises(UnusableError, match="cannot be used as a key"):
        workflow.verify(tmp_path / "b", None, tmp_path / "key")


def test_another_kind_of_key_is_told(project: Path, tmp_path: Path) -> None:
    key = X25519PrivateKey.generate()
    (tmp_path / "key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(UnusableError, match="Ed25519"):
        release(project, tmp_path / "b", sign=tmp_path / "key")


def test_the_page_tells_what_was_found_and_what_cannot_be(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b")
    workflow.write_page(tmp_path / "b", workflow.verify(tmp_path / "b"), tmp_path / "page.html")
    page = unescape((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert CHECKS_HOLD in page
    assert workflow.digest_of(tmp_path / "b") in page
    assert all(item in page for item in workflow.CANNOT_CHECK)
    assert "http" not in page
    assert "<script" not in page


def test_the_page_of_a_hostile_bundle_runs_nothing(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b")
    document = document_of(tmp_path / "b")
    for hostile in (
        {**document, "promise": "<script>alert(1)</script>", "release": "<img src=x onerror=y>"},
        {**document, "parameters": {"score": "<script>"}},
    ):
        rebuild(tmp_path / "b", hostile)
        verified = workflow.verify(tmp_path / "b")
        workflow.write_page(tmp_path / "b", verified, tmp_path / "page.html")
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert "checks failed" in page
        assert "<script" not in page
        assert "<img" not in page


def test_the_page_does_not_become_part_of_the_bundle(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b")
    with pytest.raises(UnusableError, match="into the bundle"):
        workflow.write_page(tmp_path / "b", workflow.verify(tmp_path / "b"), tmp_path / "b/page.html")
    with pytest.raises(UnusableError, match="cannot be written"):
        workflow.write_page(
            tmp_path / "b", workflow.verify(tmp_path / "b"), tmp_path / "nowhere/page.html"
        )
