import pytest

from honeypost.errors import StoreError
from honeypost.stores.catalogue import Catalogue
from honeypost.stores.files import DISK, DiskFiles
from support.storage import body_of, keep, make_store

NOON = 1_772_366_400.0


@pytest.fixture
async def directory(tmp_path):
    store = make_store(tmp_path, segment_bytes=100)
    store.open()
    for number in range(4):
        await keep(store, body_of(number, 300), time=NOON + number)
    store.close()
    return tmp_path / "segments"


def rebuilt(directory, *, repair=True, files=DISK):
    catalogue = Catalogue(directory, files)
    catalogue.damage = catalogue.rebuild(repair=repair)
    return catalogue


def test_one_line_for_each_segment(directory):
    catalogue = rebuilt(directory)
    lines = catalogue.lines()
    assert [line.number for line in lines] == [1, 2, 3, 4]
    assert [line.newest for line in lines] == [NOON, NOON + 1, NOON + 2, NOON + 3]
    assert {line.records for line in lines} == {1}
    assert catalogue.bytes == sum(path.stat().st_size for path in directory.glob("*.seg"))
    assert catalogue.last_id == lines[-1].last_id != ""
    assert catalogue.next_number() == 5


def test_a_directory_without_segments(tmp_path):
    catalogue = rebuilt(tmp_path / "none")
    assert (catalogue.lines(), catalogue.bytes, catalogue.last_id) == ([], 0, "")
    assert catalogue.next_number() == 1


def test_which_are_older_and_which_are_newer(directory):
    catalogue = rebuilt(directory)
    assert [line.number for line in catalogue.older(NOON + 2)] == [1, 2]
    assert catalogue.numbers_since(NOON + 2) == [3, 4]


def test_only_the_writer_repairs(directory):
    path = directory / "00000004.seg"
    path.write_bytes(path.read_bytes()[:-1])
    before = path.stat().st_size
    assert rebuilt(directory, repair=False).damage.torn_bytes > 300
    assert path.stat().st_size == before
    assert rebuilt(directory).damage.torn_bytes > 300
    assert not rebuilt(directory).damage
    assert path.stat().st_size < before - 300


def test_a_segment_that_cannot_be_removed_is_still_there(directory):
    class Stubborn(DiskFiles):
        def unlink(self, path):
            raise PermissionError(1, "Operation not permitted")

    catalogue = rebuilt(directory, files=Stubborn())
    with pytest.raises(StoreError):
        catalogue.remove(1)
    assert len(catalogue.lines()) == 4
    assert rebuilt(directory).remove(1) > 300
