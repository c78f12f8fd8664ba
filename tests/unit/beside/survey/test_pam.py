import pytest

from honeypost.beside.survey.pam import read_pam


@pytest.fixture
def folder(tmp_path):
    def write(**files):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


def test_includes_of_every_kind_are_followed(folder):
    found = read_pam(
        folder(
            dovecot="#%PAM-1.0\n@include common\nauth include more\n-auth optional pam_a.so # x\n"
            "auth substack deep\naccount required pam_not.so\nsession x pam_no.so\n",
            common="auth [success=1 default=ignore] \\\n  pam_unix.so nullok\n",
            more="auth required /lib/security/pam_b.so\naccount required pam_c.so\n",
            deep="auth [default=die] pam_d.so\n",
        ),
        "dovecot",
    )
    assert found.modules == ("pam_unix.so", "pam_b.so", "pam_a.so", "pam_d.so")
    assert found.trouble == ""


def test_other_is_taken_where_there_is_no_file(folder):
    assert read_pam(folder(other="auth required pam_deny.so\n"), "mail").modules == ("pam_deny.so",)


def test_what_cannot_be_read_is_told(folder, tmp_path):
    assert "cannot be read" in read_pam(tmp_path, "dovecot").trouble
    assert "other cannot be read" in read_pam(tmp_path, "dovecot").trouble
    circle = read_pam(folder(dovecot="@include dovecot\nauth required pam_unix.so\n"), "dovecot")
    assert "more than 10 deep" in circle.trouble
    assert circle.modules == ()
