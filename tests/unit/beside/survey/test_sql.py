import pytest

from honeypost.beside.survey.sql import replaced, setting, without_conditions

HEAD = "SELECT password FROM users WHERE "


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("name = '%u'", "name = '%u'"),
        ("name = '%u' AND active=1", "name = '%u'"),
        ("active=1 and name = '%Lu' and expires > now()", "name = '%Lu'"),
        ("name='%n' AND domain='%d' AND (a='1' OR a='2') LIMIT 1", "name='%n' AND domain='%d' LIMIT 1"),
        ("(mail='%u' OR name='%n') AND `enable%Ls`=1", "(mail='%u' OR name='%n')"),
        ("((name='%u' AND active=1) OR alias='%u')", "((name='%u') OR alias='%u')"),
        ("(name='%u' AND active=1)", "(name='%u')"),
        ("(name='%u')", "(name='%u')"),
        ("users.d = domains.id AND name = '%n' AND domains.on", "users.d = domains.id AND name = '%n'"),
        ("x BETWEEN 1 AND 2 AND name='%{user}'", "name='%{user}'"),
        ("name='%u' AND note = 'this AND that'", "name='%u'"),
        ("name='%u' OR 1=1", None),
        ("name='%u' AND id IN (SELECT id FROM active)", None),
        ("name != '%u'", None),
        ("NOT name = '%u'", None),
        ("active = 1", None),
        ("name='%u' GROUP BY 1", None),
        ("name='%u' -- hm", None),
        ("(name='%u') AND (x = '%r')", "(name='%u')"),
        ("(name='%u') = (1)", "(name='%u') = (1)"),
    ],
)  # fmt: skip
def test_conditions_that_are_not_about_the_name_are_left_out(where, left):
    assert without_conditions("sql", HEAD + where) == (HEAD + left if left else None)


@pytest.mark.parametrize(
    ("query", "clear"),
    [
        ("CALL login('%u')", False),
        ("SELECT p FROM u JOIN d ON u.d = d.id WHERE u.n = '%n' AND d.n = '%d'", True),
        ("SELECT p FROM u JOIN d ON u.d = d.id AND d.on = 1 WHERE u.n = '%n'", False),
        ("SELECT p FROM u JOIN d ON u.d = d.id AND d.x = 'y' WHERE u.n = '%n'", False),
        ("SELECT p FROM u LEFT JOIN d ON u.d = d.id AND d.on = 1 WHERE u.n = '%n'", True),
    ],
)
def test_joins(query, clear):
    assert without_conditions("sql", query) == (query if clear else None)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("(uid=%u)", "(uid=%u)"),
        ("(|(mail=%u)(uid=%n))", "(|(mail=%u)(uid=%n))"),
        ("(&(uid=%u)(mail=%u))", "(&(uid=%u)(mail=%u))"),
        ("(&(objectClass=person)(uid=%u))", "(uid=%u)"),
        ("(&(|(mail=%u)(uid=%n))(!(locked=TRUE)))", "(|(mail=%u)(uid=%n))"),
        ("(&(uid=%u)(mail=%u)(on=1))", "(&(uid=%u)(mail=%u))"),
        ("(|(uid=%u)(&(mail=%u)(on=1)))", None),
        ("(!(uid=%u))", None),
        ("(&(uid=%u)(!(mail=%u)))", None),
        ("(&(on=1))", None),
        ("uid=%u", None),
        ("(a=%u)(b=%u)", None),
    ],
)
def test_ldap_filters(text, left):
    assert without_conditions("ldap", text) == left


def test_a_setting_is_found_over_lines_and_replaced_with_the_other_queries_gone():
    text = (
        "driver = mysql\nconnect = host=x password=secret\n"
        "#password_query = old\npassword_query = SELECT a \\\n  FROM b\n"
        "user_query = x\niterate_query = y\n"
    )
    assert setting(text, "password_query") == "SELECT a FROM b"
    assert setting(text, "missing") is None
    assert replaced(text, "password_query", "NEW") == (
        "driver = mysql\nconnect = host=x password=secret\n"
        "#password_query = old\npassword_query = NEW\n"
    )
