import pytest

from honeypost.beside.survey import programs
from honeypost.beside.survey.programs import Answer, output_of, run_program
from honeypost.errors import SurveyError


def test_a_program_gets_its_input_and_gives_all_it_said():
    answer = run_program(["sh", "-c", "cat; echo oh >&2; echo no >&2; exit 3"], "in")
    assert answer == Answer("in", "oh\nno\n", 3)
    assert answer.complaint == "oh"
    assert Answer("", "", 0).complaint == ""


def test_a_program_that_is_not_there_or_hangs_or_floods(monkeypatch):
    with pytest.raises(SurveyError, match="no-such-program is not installed"):
        run_program(["no-such-program"])
    monkeypatch.setattr(programs, "SECONDS", 0.1)
    with pytest.raises(SurveyError, match="sleep 60 did not end within"):
        run_program(["sleep", "60"])
    monkeypatch.setattr(programs, "SECONDS", 10.0)
    monkeypatch.setattr(programs, "OUTPUT_CHARACTERS", 3)
    with pytest.raises(SurveyError, match="more than 3 characters"):
        run_program(["echo", "abcd"])


def test_a_program_that_cannot_be_started(tmp_path, monkeypatch):
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    monkeypatch.setattr(programs, "WHERE", str(tmp_path))
    with pytest.raises(SurveyError, match="broken"):
        run_program(["broken"])


def test_output_of_a_program_that_fails_is_an_error_with_its_words():
    def run(command, given):
        return Answer("x", "fatal: bad", 1)

    with pytest.raises(SurveyError, match="postconf -x: fatal: bad"):
        output_of(run, "postconf", "-x")
    with pytest.raises(SurveyError, match="exit code 2"):
        output_of(lambda *_: Answer("x", "", 2), "postconf")
    assert output_of(lambda *_: Answer("x", "warning", 0), "postconf") == "x"
