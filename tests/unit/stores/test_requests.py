import pytest

from honeypost.engine.janitor import Request, Verb
from honeypost.errors import StoreError
from honeypost.stores.requests import RequestFolder

ANN = Request("01", Verb.FORGET, "ann@example.net")
SWEEP = Request("02", Verb.SWEEP)


@pytest.fixture
def folder(tmp_path):
    return RequestFolder(tmp_path / "requests" / "edge")


def test_what_is_asked_for_is_seen_in_order(folder):
    assert list(folder.pending()) == []
    folder.put(SWEEP)
    folder.put(ANN)
    assert list(folder.pending()) == [ANN, SWEEP]


def test_what_is_done_leaves_figures_and_not_the_address(folder, tmp_path):
    folder.put(ANN)
    assert folder.answer(ANN) is None
    folder.finish(ANN, {"captures": 3})
    assert list(folder.pending()) == []
    left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [b'{"captures":3}']
    assert folder.answer(ANN) == {"captures": 3}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("content", [b"", b"{}", b'{"id":"1","verb":"rm"}', b"\xff" * 9000])
def test_what_is_no_request_is_passed_over(folder, tmp_path, content):
    folder.put(ANN)
    (tmp_path / "requests" / "edge" / "00.request").write_bytes(content)
    assert list(folder.pending()) == [ANN]


def test_not_all_of_a_flood_is_read_at_once(folder, monkeypatch):
    monkeypatch.setattr("honeypost.stores.requests.PENDING_LIMIT", 2)
    for number in range(5):
        folder.put(Request(f"{number}", Verb.SWEEP))
    assert [request.id for request in folder.pending()] == ["0", "1"]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "requests").touch()
    folder = RequestFolder(tmp_path / "requests" / "edge")
    with pytest.raises(StoreError):
        folder.put(ANN)
    with pytest.raises(StoreError):
        folder.finish(ANN, {})
    assert list(folder.pending()) == []


def test_an_answer_that_is_none(folder, tmp_path):
    folder.put(ANN)
    (tmp_path / "requests" / "edge" / "01.done").write_bytes(b"broken")
    with pytest.raises(StoreError):
        folder.answer(ANN)
