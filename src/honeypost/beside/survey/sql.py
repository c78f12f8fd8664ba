"""
The file behind an sql or ldap database (Dovecot 2.3), and its query without conditions.

``password_query = SELECT ... WHERE name = '%u' AND active = 1`` answers "no such user" for an
account that is only switched off, and so would make a decoy of it (measured on 2.3.19 with
SQLite).  A ``deny = yes`` copy of the database with the condition left out keeps such names real.
What is left are the conditions about the *name*; a copy that knows too many names is safe.  A
query that cannot be taken apart for sure gives ``None``, and the site is refused.
"""

from __future__ import annotations

import re

QUERIES = {"sql": "password_query", "ldap": "pass_filter"}
"""Setting that finds a person, by driver."""

_USER = re.compile(r"%[LUTE]*[und](?![a-z])|%\{(?:user|username|domain|orig_user)\b[^}]*\}")
_WHERE = re.compile(r"(?is)(select\b.+?\bfrom\b.+?\bwhere\b)(.+?)(\blimit\b.*)?;?\s*")
_UNCLEAR = re.compile(r"(?i)\b(union|having|group\s+by|exists|intersect|except)\b|/\*|--")
_COLUMNS = re.compile(r"[\w.`\"]+\s*=\s*[\w.`\"]*[A-Za-z_`\"][\w.`\"]*")
_LITERAL_JOIN = re.compile(r"(?is)(?<!left )(?<!outer )\bjoin\b[^']*?\bon\b.*?(?:=\s*\d|'|\bis\b)")


def setting(text: str, name: str) -> str | None:
    """
    Give a setting of such a file, continued lines joined; the last one counts.

    >>> setting("a = 1\\npassword_query = SELECT x \\\\\\n  FROM y\\n", "password_query")
    'SELECT x FROM y'
    """
    joined = re.sub(r"\\\n\s*", "", text)
    found = re.findall(rf"(?m)^\s*{re.escape(name)}\s*=\s*(.*?)\s*$", joined)
    return found[-1] if found else None


def replaced(text: str, name: str, value: str) -> str:
    """Give the text of the file with one setting replaced, and without the other queries."""
    joined = re.sub(r"\\\n\s*", "", text)
    queries = rf"(?:{re.escape(name)}|user_query|iterate_query|user_filter|iterate_filter)"
    kept = re.sub(rf"(?m)^\s*{queries}\s*=.*\n?", "", joined)
    return f"{kept.rstrip()}\n{name} = {value}\n"


def without_conditions(driver: str, query: str) -> str | None:
    """
    Leave out whatever is not about the name; ``None`` when that cannot be told.

    Gives the query back unchanged when it has no condition.
    """
    return _without_sql(query) if driver == "sql" else _without_ldap(query.strip())


def _without_sql(query: str) -> str | None:
    match = _WHERE.fullmatch(query.strip())
    unclear = _UNCLEAR.search(query) or len(re.findall(r"(?i)\bselect\b", query)) != 1
    if match is None or unclear or _LITERAL_JOIN.search(match[1]):
        return None
    conditions = _all_of(match[2])
    if conditions is None:
        return None
    if conditions == match[2].strip():
        return query
    return " ".join(part.strip() for part in (match[1], conditions, match[3] or "") if part)


def _all_of(text: str) -> str | None:
    """Reduce conditions joined by AND; needs at least one about the name."""
    kept = []
    for part in _split(text, "and"):
        reduced = _one(part)
        if reduced is None:
            return None
        if reduced:
            kept.append(reduced)
    named = any(_USER.search(part) for part in kept)
    return " AND ".join(kept) if named else None


def _one(part: str) -> str | None:
    """Reduce one condition: itself, ``""`` to leave it out, ``None`` when it is not clear."""
    part = part.strip()
    alternatives = _split(part, "or")
    if len(alternatives) > 1:
        reduced = [_all_of(alternative) for alternative in alternatives]
        return None if None in reduced else " OR ".join(filter(None, reduced))
    if _COLUMNS.fullmatch(part):
        return part
    if not _USER.search(part):
        return ""
    if part.startswith("(") and part.endswith(")") and _is_one_group(part):
        inner = _one(part[1:-1]) if len(_split(part[1:-1], "and")) == 1 else _all_of(part[1:-1])
        return f"({inner})" if inner else inner
    return None if re.match(r"(?i)not\b", part) or re.search(r"!=|<>", part) else part


def _split(text: str, word: str) -> list[str]:
    """Split at a word that stands outside of brackets and quotes."""
    parts, depth, quoted, start = [], 0, "", 0
    for match in re.finditer(rf"(?i)[()'\"]|(?<![\w.]){word}(?!\w)", text):
        found = match[0]
        if quoted:
            quoted = "" if found == quoted else quoted
        elif found in "'\"":
            quoted = found
        elif found in "()":
            depth += 1 if found == "(" else -1
        elif depth == 0:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _is_one_group(part: str) -> bool:
    depth = 0
    for at, letter in enumerate(part):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return at == len(part) - 1
    return False


def _without_ldap(text: str) -> str | None:
    """Reduce a filter (RFC 4515) to its parts that have the name in them."""
    if not (text.startswith("(") and _is_one_group(text)):
        return None
    operator, parts = text[1:2], _groups(text[2:-1])
    if operator == "&":
        reduced = [_without_ldap(part) for part in parts if _USER.search(part)]
        if not reduced or None in reduced:
            return None
        joined = "".join(filter(None, reduced))
        return joined if len(reduced) == 1 else f"(&{joined})"
    if operator == "|":
        return text if all(_without_ldap(part) == part for part in parts) else None
    return text if operator != "!" and _USER.search(text) else None


def _groups(text: str) -> list[str]:
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and depth == 0:
            found.append(text[start : at + 1].strip())
            start = at + 1
    return found
