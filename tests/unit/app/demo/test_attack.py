from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar, Self

import pytest

from honeypost.app.demo import attack as module
from honeypost.app.demo.attack import (
    ACTS,
    BUYERS,
    CHECKER,
    DOMAIN,
    HOSTS,
    REAL_NAME,
    Attack,
    Listeners,
    Seen,
)
from honeypost.app.demo.dialogue import Address, HungUp, Reply
from honeypost.decide.secrets import SHORTEST
from honeypost.engine.vocabulary import load_vocabulary

LISTENERS = Listeners(
    Address("127.0.0.1", 25), Address("127.0.0.1", 587), Address("127.0.0.1", 465)
)


class Talk:
    """A decoy of few words: one credential works, and mail is taken."""

    works: ClassVar[tuple[str, str]] = (f"info@{DOMAIN}", "letmein")
    takes_mail: ClassVar[bool] = True
    dialled: ClassVar[list[tuple[int, str, bool]]] = []

    def __init__(self, target: Address, source: str, *, tls: bool = False) -> None:
        self.dialled.append((target.port, source, tls))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def greeting(self) -> Reply:
        return Reply(220, ("mx",))

    def say(self, command: str) -> Reply:
        missing = any(name in command for name in (REAL_NAME, "zoltan", "qx81"))
        return Reply(550, ("no",)) if missing else Reply(250, ("ok",))

    def starttls(self) -> None:
        pass

    def login(self, login: str, secret: str) -> Reply:
        return Reply(235, ("in",)) if (login, secret) == self.works else Reply(535, ("no",))

    def send(self, *_: Any) -> Reply:
        return Reply(250, ("queued",)) if self.takes_mail else Reply(451, ("later",))

    def quit(self) -> None:
        pass


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> type[Talk]:
    class Fresh(Talk):
        dialled: ClassVar[list[tuple[int, str, bool]]] = []

    monkeypatch.setattr(module, "Dialogue", Fresh)
    return Fresh


def played(seen: list[Seen] | None = None) -> Attack:
    attack = Attack(LISTENERS, (seen if seen is not None else []).append)
    for _, act in ACTS:
        act(attack)
    return attack


def test_the_story(talk: type[Talk]) -> None:
    seen: list[Seen] = []
    attack = played(seen)
    assert REAL_NAME not in attack.existing
    assert [credential.secret for credential in attack.won] == ["letmein"]
    assert attack.wrong_refused
    assert attack.works_elsewhere
    assert len(attack.sent) == 6
    assert {each.act for each in seen} == {1, 2, 3, 4}
    assert {each.source for each in seen if each.act == 4} == set(BUYERS)


def test_forty_hosts_guess_once_each_and_never_again(talk: type[Talk]) -> None:
    attack = played()
    assert len({source for source, _ in attack.tried}) == len(attack.tried) == HOSTS
    assert not {source for source, _ in attack.tried} & {CHECKER, *BUYERS}
    assert set(Counter(source for port, source, _ in talk.dialled if port == 587).values()) == {
        1,
        2,
    }


def test_the_real_name_gets_as_many_guesses_as_any(talk: type[Talk]) -> None:
    counts = Counter(credential.account for _, credential in played().tried)
    assert counts[f"{REAL_NAME}@{DOMAIN}"] == max(counts.values()) == len(module.PASSWORDS)


def test_every_password_can_win() -> None:
    vocabulary = load_vocabulary()
    for password in module.PASSWORDS:
        assert vocabulary.rule(password.encode(), f"info@{DOMAIN}", 1.8e9) == "list"
        assert len(password) >= SHORTEST


def test_when_nothing_is_won_the_story_ends(talk: type[Talk]) -> None:
    talk.works = ("", "")
    attack = played()
    assert attack.prize is None
    assert attack.sent == []
    assert {port for port, _, _ in talk.dialled} == {25, 587}


def test_when_the_account_is_closed_again(talk: type[Talk]) -> None:
    attack = Attack(LISTENERS, lambda _: None)
    attack.won.append(module.Credential(f"info@{DOMAIN}", "other"))
    attack.check()
    attack.use()
    assert not attack.works_elsewhere
    assert attack.sent == []


def test_mail_that_is_not_taken_is_not_counted(talk: type[Talk]) -> None:
    talk.takes_mail = False
    assert played().sent == []


def test_a_stopped_attack_dials_no_more(talk: type[Talk]) -> None:
    attack = Attack(LISTENERS, lambda _: None)
    attack.stopped.set()
    for act in (attack.enumerate_names, attack.spray):
        with pytest.raises(HungUp, match="was stopped"):
            act()
    assert talk.dialled == []


def test_the_ports() -> None:
    assert sorted(LISTENERS.ports) == [25, 465, 587]
