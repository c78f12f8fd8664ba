import pytest

from honeypost.beside.survey.lists import Restriction, members, restrictions, routings


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("", ()),
        ("a b,c\t,d", ("a", "b", "c", "d")),
        (
            "check_policy_service { unix:/x, timeout=3s } b",
            ("check_policy_service", "{ unix:/x, timeout=3s }", "b"),
        ),
        ("regexp:{{/a b/ x}, {/c/ d}}", ("regexp:{{/a b/ x}, {/c/ d}}",)),
    ],
)
def test_lists_are_split_outside_of_braces(value, parts):
    assert members(value) == parts


def test_classes_are_followed_and_end():
    settings = {
        "smtpd_restriction_classes": "a, b",
        "a": "reject_unlisted_sender, b",
        "b": "a",
        "list": "permit_mynetworks, a, check_client_access hash:/x, hash:/bare",
    }
    found = restrictions(settings, "list")
    assert found[0] == Restriction("permit_mynetworks")
    assert Restriction("reject_unlisted_sender") in found
    assert found[-2:] == (
        Restriction("check_client_access", "hash:/x"),
        Restriction("check_own_access", "hash:/bare"),
    )
    assert Restriction("a") not in found


def test_a_class_named_by_a_table_counts_as_reached():
    settings = {"smtpd_restriction_classes": "strict", "strict": "reject", "list": "hash:/x"}
    assert restrictions(settings, "list", {"hash:/x": "a@b strict"}.get)[1:] == (
        Restriction("reject"),
    )
    settings["list"] = "check_sender_access inline:{a@b=strict}"
    assert Restriction("reject") in restrictions(settings, "list")


def test_words_that_take_an_argument():
    found = restrictions({"l": "reject_rbl_client zen.example sleep 1 warn_if_reject reject"}, "l")
    assert [(r.name, r.argument) for r in found] == [
        ("reject_rbl_client", "zen.example"),
        ("sleep", "1"),
        ("warn_if_reject", ""),
        ("reject", ""),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/filter x/ REJECT", ()),
        ("/x/i filter smtp:y", (("FILTER", "smtp:y"),)),
        ("!/x/ FILTER a", (("FILTER", "a"),)),
        ("|x\\|y| REDIRECT a@b", (("REDIRECT", "a@b"),)),
        ("10.0.0.0/8 FILTER a", (("FILTER", "a"),)),
        ("a@b\n  FILTER c", (("FILTER", "c"),)),
        ("{{/x/ FILTER a}, {/y/ OK}}", (("FILTER", "a"),)),
        ("{a@b=FILTER x}", ()),
        ("# /x/ FILTER a\n\n", ()),
        ("if /x/\n/y/ FILTER a\nendif", (("FILTER", "a"),)),
        ("lonely", ()),
    ],
)
def test_actions_that_route(text, found):
    assert routings(text) == found
