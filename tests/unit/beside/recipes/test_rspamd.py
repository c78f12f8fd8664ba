"""What the rule does is tested with the real rspamd (``integration/beside/test_milters.py``)."""

from honeypost.beside.recipes.rspamd import settings_of


def test_the_rule_is_about_the_decoys_and_nobody_else():
    text = settings_of("k7qp2mzx.invalid")
    assert text.count("user = ") == text.count('user = "@k7qp2mzx.invalid";') == 1
