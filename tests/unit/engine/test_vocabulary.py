"""The shipped list is there and is the one that its licence names."""

from importlib import resources

from honeypost.engine.vocabulary import load_vocabulary


def test_the_list_is_read_whole():
    vocabulary = load_vocabulary()
    assert len(vocabulary) == 30_000
    assert vocabulary.rule(b"dragon", "bob@example.org", 0.0) == "list"


def test_its_licence_stands_beside_it():
    data = resources.files("honeypost.decide") / "data"
    text = (data / "common_passwords.LICENSE").read_text()
    assert "zxcvbn" in text
    assert "MIT License" in text
