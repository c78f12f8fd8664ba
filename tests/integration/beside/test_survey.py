"""
Each trap of a real site is found by the real postconf, postmap and doveconf, and named.

No daemon runs: a whole configuration is written to a folder, with one thing wrong in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import program
from honeypost.beside.attach.postfix_text import local_mail
from honeypost.beside.dovecot.chain import PAM_DENY, DecoyChain, names_socket, report_only
from honeypost.beside.postfix.containment_config import NOTICE_SERVICES, ContainmentConfig
from honeypost.beside.survey.findings import Finding, Severity, examine
from support.mail_tree import MailTree
from support.users import DOMAIN

pytestmark = pytest.mark.real

FILTER = "regexp:{{{{/^X-Spam: yes/ FILTER smtp:[192.0.2.1]:25}}}}"
STOP = "[UNAVAIL=return TRYAGAIN=return]"


@pytest.fixture(scope="module", autouse=True)
def _programs() -> None:
    for name in ("postconf", "postmap", "postalias", "doveconf", "dovecot"):
        program(name)


@dataclass(frozen=True)
class Trap:
    """Something wrong with a site, and what must be said of it."""

    name: str
    change: Callable[[MailTree], object]
    code: str
    says: str
    """``{base}`` is the folder."""
    severity: Severity = Severity.REFUSE
    kind: str = "virtual"


def main(**settings: str) -> Callable[[MailTree], None]:
    return lambda tree: tree.main.update(settings)


def option(service: str, name: str, value: str, kind: str = "inet") -> Callable[[MailTree], None]:
    return lambda tree: tree.option(service, name, value, kind=kind)


def dovecot(text: str) -> Callable[[MailTree], None]:
    def change(tree: MailTree) -> None:
        tree.dovecot += text.replace("BASE", str(tree.base))

    return change


def databases(text: str) -> Callable[[MailTree], None]:
    def change(tree: MailTree) -> None:
        tree.databases = text.replace("BASE", str(tree.base))

    return change


def passdb(**settings: str) -> Callable[[MailTree], None]:
    """Put settings into the site's own passdb."""
    lines = "".join(f"  {name} = {value}\n" for name, value in settings.items())

    def change(tree: MailTree) -> None:
        tree.databases = tree.databases.replace("passdb {\n", "passdb {\n" + lines, 1)

    return change


def written(name: str, content: str, **settings: str) -> Callable[[MailTree], None]:
    def change(tree: MailTree) -> None:
        tree.write(name, content)
        tree.main.update(settings)

    return change


def master(text: str) -> Callable[[MailTree], None]:
    def change(tree: MailTree) -> None:
        tree.master += text

    return change


def master_without(service: str) -> Callable[[MailTree], None]:
    def change(tree: MailTree) -> None:
        lines = tree.master.splitlines(keepends=True)
        tree.master = "".join(line for line in lines if not line.startswith(f"{service} "))

    return change


def noted(service: str) -> Callable[[MailTree], None]:
    def change(tree: MailTree) -> None:
        stock = f"       -       0       {service}\n"
        assert stock in tree.master
        tree.master = tree.master.replace(stock, f"{stock}  -o cleanup_service_name=own\n", 1)

    return change


def second_instance(tree: MailTree) -> None:
    tree.write(
        "second/main.cf",
        f"smtpd_sasl_type = dovecot\nsmtpd_sasl_path = {tree.base}/spool/private/auth\n"
        "compatibility_level = 3.6\nsmtpd_sasl_auth_enable = yes\n",
    )
    tree.write("second/master.cf", "")
    tree.main["multi_instance_directories"] = "{base}/second"


def stale_aliases(tree: MailTree) -> None:
    tree.write("aliases", "postmaster: root\nwebmaster: root\ninfo: alice\n")


def alias_file_as_text(tree: MailTree) -> None:
    tree.main["alias_maps"] = "texthash:{base}/aliases"


def catch_all(tree: MailTree) -> None:
    tree.write("virtual", f"@{DOMAIN} alice@{DOMAIN}\n")
    tree.run("postmap", f"hash:{tree.base}/virtual")


def closed_map(tree: MailTree) -> None:
    (tree.base / "mailboxes").chmod(0o640)


def sql(condition: str) -> Callable[[MailTree], None]:
    return lambda tree: tree.sql(condition)


def ldap(tree: MailTree) -> None:
    tree.write(
        "ldap.conf.ext", "uris = ldap://127.0.0.1\nbase = dc=example\npass_filter = (uid=%u)\n"
    )
    tree.databases = tree.databases.replace(
        f"driver = passwd-file\n  args = username_format=%u {tree.base}/users\n}}\nuserdb",
        f"driver = ldap\n  args = {tree.base}/ldap.conf.ext\n}}\nuserdb",
    )


def pam(text: str) -> Callable[[MailTree], None]:
    return lambda tree: tree.write("host/etc/pam.d/common-auth", text)


def nsswitch(line: str) -> Callable[[MailTree], None]:
    return lambda tree: tree.write("host/etc/nsswitch.conf", f"passwd: {line}\ngroup: files\n")


TWO = (
    "passdb {\n  driver = passwd-file\n  args = BASE/users\n}\n"
    "passdb {\n  driver = pam\n}\n"
    "userdb {\n  driver = passwd-file\n  args = BASE/users\n}\n"
)
STATIC_USERS = "userdb {\n  driver = static\n  args = uid=5000 gid=5000 home=/nowhere/%u\n}\n"
OURS = (
    "passdb {\n  driver = passwd-file\n  args = BASE/users\n}\n"
    "passdb {\n  driver = lua\n  args = file=/usr/share/honeypost/lua/guard.lua blocking=no\n}\n"
    "userdb {\n  driver = passwd-file\n  args = BASE/users\n}\n"
)

TRAPS = [
    Trap(
        "smtpd_proxy_filter on submission",
        option("submission", "smtpd_proxy_filter", "127.0.0.1:10025"),
        "proxy-filter",
        "submission/inet has smtpd_proxy_filter (127.0.0.1:10025), where FILTER does not work:"
        " decoy mail leaves.",
    ),
    Trap(
        "FILTER in header_checks",
        main(header_checks=FILTER),
        "checks-route",
        "header_checks (regexp:{{{{/^X-Spam: yes/ FILTER smtp:[192.0.2.1]:25}}}}) says FILTER"
        " smtp:[192.0.2.1]:25; it comes after ours and wins, so a decoy that sends the matching line"
        " gets its mail out.",
    ),
    Trap(
        "REDIRECT in a file of body_checks",
        written("checks", "/^win$/ REDIRECT me@outside.test\n", body_checks="regexp:{base}/checks"),
        "checks-route",
        "body_checks (regexp:{base}/checks) says REDIRECT me@outside.test; it comes after ours and"
        " wins, so a decoy that sends the matching line gets its mail out.",
    ),
    Trap(
        "FILTER in the header_checks of a cleanup of its own",
        lambda tree: (
            option("submission", "cleanup_service_name", "presend")(tree),
            master(
                f"presend unix n - n - 0 cleanup\n  -o {{ header_checks = {FILTER.format()} }}\n"
            )(tree),
        ),
        "checks-route",
        "header_checks (regexp:{{{{/^X-Spam: yes/ FILTER smtp:[192.0.2.1]:25}}}}) says FILTER"
        " smtp:[192.0.2.1]:25; it comes after ours and wins, so a decoy that sends the matching line"
        " gets its mail out.",
    ),
    Trap(
        "header_checks that nobody can read",
        main(header_checks="sqlite:{base}/nowhere.cf"),
        "checks-unreadable",
        "header_checks (sqlite:{base}/nowhere.cf) cannot be read here, so nobody can say that it has"
        " no FILTER.",
    ),
    Trap(
        "header_checks that take every X- header away",
        main(header_checks="regexp:{{{{/^X-/ IGNORE}}}}"),
        "secret-header-taken",
        "header_checks (regexp:{{{{/^X-/ IGNORE}}}}) says IGNORE to every header it does not know,"
        " so the secret header by which notices and requeued mail of decoys are told would be lost.",
    ),
    Trap(
        "FILTER from an access table at end of data",
        written(
            "access",
            "/./ FILTER smtp:[192.0.2.1]:25\n",
            smtpd_end_of_data_restrictions="check_client_access regexp:{base}/access",
        ),
        "access-routes",
        "smtpd_end_of_data_restrictions of submission/inet asks regexp:{base}/access, which says"
        " FILTER smtp:[192.0.2.1]:25: that comes after ours and wins.",
    ),
    Trap(
        "FILTER from an access table behind a restriction class",
        written(
            "access",
            "/./ REDIRECT x@outside.test\n",
            smtpd_restriction_classes="strict",
            strict="check_client_access regexp:{base}/access",
            smtpd_data_restrictions="strict",
        ),
        "access-routes",
        "smtpd_data_restrictions of submission/inet asks regexp:{base}/access, which says REDIRECT"
        " x@outside.test: that comes after ours and wins.",
    ),
    Trap(
        "an access table at DATA that nobody can read",
        main(smtpd_data_restrictions="check_sender_access sqlite:{base}/nowhere.cf"),
        "access-unreadable",
        "smtpd_data_restrictions of submission/inet asks sqlite:{base}/nowhere.cf, which cannot be"
        " read here: it may say FILTER.",
    ),
    Trap(
        "a policy service at end of data",
        main(smtpd_end_of_data_restrictions="check_policy_service inet:127.0.0.1:10031"),
        "policy-may-route",
        "smtpd_end_of_data_restrictions of submission/inet asks the policy service"
        " inet:127.0.0.1:10031, which may answer FILTER after us.",
    ),
    Trap(
        "-o smtpd_data_restrictions on submission",
        option("submission", "smtpd_data_restrictions", "reject_unauth_pipelining"),
        "data-override",
        "submission/inet has its own smtpd_data_restrictions, so what stands in main.cf does not"
        " hold there.",
        Severity.MEND,
    ),
    Trap(
        "content_filter",
        main(content_filter="smtp:[127.0.0.1]:10024"),
        "content-filter",
        "content_filter (smtp:[127.0.0.1]:10024) is set; decoy mail goes around it, since FILTER"
        " wins.",
        Severity.WARN,
    ),
    Trap(
        "reject_sender_login_mismatch in the sender list",
        main(smtpd_sender_restrictions="reject_sender_login_mismatch"),
        "login-mismatch-order",
        "submission/inet has reject_sender_login_mismatch, whose refusal shows the marker name to a"
        " decoy.",
        Severity.MEND,
        "debian",
    ),
    Trap(
        "reject_sender_login_mismatch in the recipient list",
        main(smtpd_recipient_restrictions="reject_sender_login_mismatch, permit"),
        "login-mismatch-elsewhere",
        "submission/inet has reject_sender_login_mismatch in smtpd_recipient_restrictions, where"
        " ours does not stand before it: its refusal shows the marker name to a decoy.",
    ),
    Trap(
        "reject_unverified_recipient",
        main(smtpd_recipient_restrictions="reject_unverified_recipient"),
        "verifies-addresses",
        "submission/inet has reject_unverified_recipient in smtpd_recipient_restrictions: it asks"
        " the other side's server about what a decoy typed, so something leaves.",
    ),
    Trap(
        "no permit_sasl_authenticated",
        option("submission", "smtpd_relay_restrictions", "permit_mynetworks, reject"),
        "relay-not-by-login",
        "submission/inet has no permit_sasl_authenticated, so a decoy is told that it may not"
        " relay.",
        Severity.WARN,
    ),
    Trap(
        "pop-before-smtp",
        written(
            "pop-before-smtp",
            "",
            smtpd_recipient_restrictions="check_client_access texthash:{base}/pop-before-smtp",
        ),
        "pop-before-smtp",
        "submission/inet asks texthash:{base}/pop-before-smtp, which looks like pop-before-smtp: a"
        " decoy that read its mailbox could then send without a login.",
    ),
    Trap(
        "no service with SASL",
        option("submission", "smtpd_sasl_auth_enable", "no"),
        "no-sasl",
        "No service of Postfix lets clients log in, so decoys are won over IMAP and POP3 only.",
        Severity.WARN,
    ),
    Trap(
        "SASL through Cyrus",
        main(smtpd_sasl_type="cyrus"),
        "sasl-not-dovecot",
        "submission/inet checks passwords through cyrus, not Dovecot, so our chain does not see its"
        " logins.",
    ),
    Trap(
        "SASL at a Dovecot elsewhere",
        main(smtpd_sasl_path="inet:192.0.2.9:12345"),
        "sasl-elsewhere",
        "submission/inet asks for passwords at inet:192.0.2.9:12345, which is no socket of this"
        " host's Dovecot.",
    ),
    Trap(
        "an auth socket that somebody else uses",
        dovecot("service auth {\n  unix_listener BASE/exim-auth {\n    mode = 0666\n  }\n}\n"),
        "auth-socket-open",
        "Dovecot answers others at {base}/exim-auth; whoever asks there could send a decoy's mail"
        " without us.",
    ),
    Trap(
        "an auth port",
        dovecot("service auth {\n  inet_listener {\n    port = 12345\n  }\n}\n"),
        "auth-socket-open",
        "Dovecot answers others at inet:*:12345; whoever asks there could send a decoy's mail without"
        " us.",
    ),
    Trap(
        "a second Postfix with the same Dovecot",
        second_instance,
        "other-instance",
        "A second Postfix ({base}/second) uses the same Dovecot; decoys would send through it unseen.",
    ),
    Trap(
        "a service of our name",
        master("decoy unix - - n - - pipe\n  flags=R user=nobody argv=/bin/true\n"),
        "service-name-taken",
        "master.cf has a service decoy of somebody else's, and ours must have that name.",
    ),
    Trap(
        "a Honeypost in Postfix already",
        option("submission", "decoy_budget", "permit"),
        "attached-already",
        "Postfix has parts of a Honeypost already (submission/inet).",
    ),
    Trap(
        "a Honeypost in Dovecot already",
        databases(OURS),
        "attached-already",
        "Dovecot has parts of a Honeypost already (file=/usr/share/honeypost/lua/guard.lua"
        " blocking=no).",
    ),
    Trap(
        "no bounce service",
        master_without("bounce"),
        "notice-service-missing",
        "master.cf has no service bounce that runs bounce(8), so notices about decoy mail would go"
        " another way.",
    ),
    Trap(
        "bounce with a cleanup of its own",
        noted("bounce"),
        "notice-service-changed",
        "bounce already has -o cleanup_service_name = own, which ours would overwrite.",
    ),
    Trap(
        "no pickup",
        master_without("pickup"),
        "pickup-unknown",
        "master.cf has 0 services that run pickup(8), so nobody can say which way mail goes that is"
        " requeued (postsuper -r).",
    ),
    Trap(
        "pickup with a cleanup that is not there",
        option("pickup", "cleanup_service_name", "own", kind="unix"),
        "pickup-unknown",
        "master.cf has no cleanup(8) named own, which pickup/unix hands its mail to, so nobody can"
        " say which way mail goes that is requeued (postsuper -r).",
    ),
    Trap(
        "pickup without checks",
        option("pickup", "receive_override_options", "no_header_body_checks", kind="unix"),
        "pickup-changed",
        "pickup/unix has its own receive_override_options (no_header_body_checks).",
        Severity.MEND,
    ),
    Trap(
        "notices that pass the site's checks",
        main(internal_mail_filter_classes="bounce"),
        "notices-filtered",
        "internal_mail_filter_classes is bounce: your header and body checks look at notices now,"
        " and will not any more.",
        Severity.WARN,
    ),
    Trap(
        "a milter (rspamd)",
        main(smtpd_milters="inet:localhost:11332"),
        "milters",
        "Milters (inet:localhost:11332) on submission/inet see what decoys send before it is"
        " contained. They may refuse it or learn from it; it still goes nowhere, and a signature"
        " on top of it is taken off.",
        Severity.WARN,
    ),
    Trap(
        "an archive copy",
        main(always_bcc="archive@outside.test"),
        "copies",
        "always_bcc copies mail to an archive; copies of decoy mail go to our sink instead, and the"
        " archive address appears among its recipients.",
        Severity.WARN,
    ),
    Trap(
        "a socketmap of the site's own",
        main(virtual_alias_maps="socketmap:inet:127.0.0.1:9:x"),
        "socket-lookup",
        "virtual_alias_maps asks socketmap:inet:127.0.0.1:9:x over a socket; when it is down, Postfix"
        " answers everybody 451.",
        Severity.WARN,
    ),
    Trap(
        "a lookup at Honeypost",
        main(smtpd_client_restrictions="check_client_access socketmap:unix:/run/honeypost/x:c"),
        "our-lookup",
        "smtpd_client_restrictions asks Honeypost (socketmap:unix:/run/honeypost/x:c), so all mail"
        " stops when Honeypost stops.",
    ),
    Trap(
        "mynetworks beyond loopback",
        main(mynetworks="127.0.0.0/8 192.0.2.0/24 [2001:db8::]/64"),
        "trusted-networks",
        "Hosts in 192.0.2.0/24, [2001:db8::]/64 may send without a login (mynetworks), which"
        " containment cannot see.",
        Severity.MEND,
    ),
    Trap(
        "a webmail",
        lambda tree: (tree.base / "host/etc/roundcube").mkdir(),
        "webmail",
        "A webmail is installed here ({base}/host/etc/roundcube); it logs in from an address of its"
        " own and may send without a login.",
        Severity.WARN,
    ),
    Trap(
        "fail2ban",
        written("host/etc/fail2ban/jail.local", "[dovecot]\nenabled = true\n"),
        "fail2ban",
        "fail2ban blocks guessers by its own jails (dovecot); whom it blocks early wins no decoy.",
        Severity.WARN,
    ),
    Trap(
        "a password database with a driver that was not tried",
        databases(
            "passdb {\n  driver = checkpassword\n  args = /bin/true\n}\n"
            "userdb {\n  driver = prefetch\n}\nuserdb {\n  driver = passwd\n}\n"
        ),
        "passdb-not-proven",
        "Password database checkpassword /bin/true: with this driver we cannot tell an unknown name"
        " from a wrong password, so real users could become decoys.",
    ),
    Trap(
        "everybody logs in",
        databases("passdb {\n  driver = static\n  args = nopassword=y\n}\n" + STATIC_USERS),
        "everyone-logs-in",
        "Password database static nopassword=y lets every name in, so no name is unknown.",
    ),
    Trap(
        "result_success = continue",
        passdb(result_success="continue"),
        "passdb-results",
        "Password database passwd-file username_format=%u {base}/users has result_success ="
        " continue; our links behind it would be passed over or asked about people who are already"
        " in.",
    ),
    Trap(
        "result_failure = return-fail",
        passdb(result_failure="return-fail"),
        "passdb-results",
        "Password database passwd-file username_format=%u {base}/users has result_failure ="
        " return-fail; our links behind it would be passed over or asked about people who are already"
        " in.",
    ),
    Trap(
        "a password database for some names only",
        passdb(username_filter="*@example.org"),
        "passdb-conditions",
        "Password database passwd-file username_format=%u {base}/users is asked only sometimes"
        " (username_filter = *@example.org), so a real user may look unknown.",
    ),
    Trap(
        "two password databases",
        databases(TWO),
        "several-passdbs",
        "There are 2 password databases; behind two of them the guard cannot tell a wrong password"
        " from an unknown name.",
        Severity.MEND,
    ),
    Trap(
        "LDAP",
        ldap,
        "ldap-not-proven",
        "Password database ldap {base}/ldap.conf.ext: LDAP gets the same recipe as SQL, which was"
        " not proven here.",
        Severity.WARN,
    ),
    Trap(
        "a status condition in the query",
        sql(" AND active = 1"),
        "query-condition",
        "The query of sql {base}/sql.conf.ext has a condition besides the name; a disabled account"
        " would become a decoy.",
        Severity.MEND,
        "sql",
    ),
    Trap(
        "a query that cannot be taken apart",
        sql(" AND name IN (SELECT name FROM users WHERE active = 1)"),
        "query-unclear",
        "The query of sql {base}/sql.conf.ext cannot be taken apart, so a disabled account might"
        " become a decoy.",
        kind="sql",
    ),
    Trap(
        "a query file that is not there",
        lambda tree: (tree.base / "sql.conf.ext").unlink(),
        "query-unreadable",
        "The file of sql {base}/sql.conf.ext cannot be read, so nobody can say whether its query has"
        " a condition.",
        kind="sql",
    ),
    Trap(
        "an auth policy server of the site's own",
        dovecot("auth_policy_server_url = http://127.0.0.1:4001/\nauth_policy_hash_nonce = x\n"),
        "auth-policy-there",
        "Dovecot already asks an auth policy server (http://127.0.0.1:4001/), and it can ask one"
        " only.",
        Severity.MEND,
    ),
    Trap(
        "auth policy that is asked for permission",
        dovecot(
            "auth_policy_server_url = http://127.0.0.1:4001/\nauth_policy_hash_nonce = x\n"
            "auth_policy_check_after_auth = no\n"
        ),
        "auth-policy-checks",
        "auth_policy_check_before_auth = yes: while the policy server hangs and two people log in at"
        " a time, nobody gets in.",
        Severity.WARN,
    ),
    Trap(
        "an auth cache",
        dovecot("auth_cache_size = 10M\n"),
        "auth-cache",
        "auth_cache_size is 10 M; a name that was just made may look unknown for a while.",
        Severity.WARN,
    ),
    Trap(
        "mechanisms without a password",
        dovecot("auth_mechanisms = plain scram-sha-256 cram-md5\n"),
        "mechanisms-without-password",
        "Mechanisms cram-md5, scram-sha-256 never show the password, so a guess made with them wins"
        " nothing.",
        Severity.WARN,
    ),
    Trap(
        "names that are translated",
        dovecot("auth_username_translation = %@\n"),
        "username-translated",
        "auth_username_translation = %@ changes names before we see them.",
    ),
    Trap(
        "a PAM back end that the name service does not show",
        pam("auth sufficient pam_ldap.so\nauth required pam_unix.so\n"),
        "pam-module",
        "PAM service dovecot uses pam_ldap.so, which may know people whom the system's user list"
        " does not show; they would become decoys.",
        kind="debian",
    ),
    Trap(
        "PAM without pam_unix",
        pam("auth required pam_permit.so\n"),
        "pam-without-unix",
        "PAM service dovecot does not use pam_unix.so, so who may log in is not known.",
        kind="debian",
    ),
    Trap(
        "a PAM stack that cannot be read",
        lambda tree: (tree.base / "host/etc/pam.d/common-auth").unlink(),
        "pam-unreadable",
        "PAM service dovecot cannot be read: {base}/host/etc/pam.d/common-auth cannot be read.",
        kind="debian",
    ),
    Trap(
        "PAM with the domain in the name",
        dovecot("auth_username_format = %Lu\n"),
        "pam-with-domain",
        "auth_username_format = %Lu keeps the domain, and system users have none: bob@domain is"
        " unknown to PAM although bob is real.",
        Severity.WARN,
        "debian",
    ),
    Trap(
        "nsswitch that goes on when its directory is down",
        nsswitch("files sss systemd"),
        "nsswitch-order",
        "nsswitch.conf has `passwd: files sss systemd`: when sss is down its users look unknown and"
        " would become decoys.",
        kind="debian",
    ),
    Trap(
        "a user database in which everyone exists",
        databases(
            "passdb {\n  driver = passwd-file\n  args = BASE/users\n}\n"
            + STATIC_USERS.replace("uid=5000", "allow_all_users=yes uid=5000")
        ),
        "userdb-everyone",
        "User database static has allow_all_users=yes: every name exists, so none may be a decoy.",
    ),
    Trap(
        "a static user database over PAM",
        databases("passdb {\n  driver = pam\n}\n" + STATIC_USERS),
        "userdb-blind",
        "User database static asks the password database, and pam cannot say who exists.",
        kind="debian",
    ),
    Trap(
        "a static user database",
        databases("passdb {\n  driver = passwd-file\n  args = BASE/users\n}\n" + STATIC_USERS),
        "userdb-unlisted",
        "User database static cannot list its users, so each guessed name costs some thousand"
        " lookups of its neighbours.",
        Severity.WARN,
    ),
    Trap(
        "no user database but prefetch",
        databases(
            "passdb {\n  driver = passwd-file\n  args = BASE/users\n}\n"
            "userdb {\n  driver = prefetch\n}\n"
        ),
        "userdb-missing",
        "Dovecot has no user database that can be asked by name, so who is real cannot be told.",
    ),
    Trap(
        "an alias file that is stale",
        stale_aliases,
        "map-lacks-names",
        "alias_maps (hash:{base}/aliases) does not know 1 names of its own source, info among them:"
        " it is stale or of the wrong type, and they would look unknown.",
    ),
    Trap(
        "an alias file read as the wrong type",
        alias_file_as_text,
        "map-trouble",
        "alias_maps (texthash:{base}/aliases) does not answer: postmap: warning: {base}/aliases, line"
        ' 1: record is in "key: value" format; is this an alias file?.',
    ),
    Trap(
        "a map that is not there",
        main(virtual_alias_maps="hash:{base}/nowhere"),
        "map-trouble",
        "virtual_alias_maps (hash:{base}/nowhere) does not answer: postmap: fatal: open database"
        " {base}/nowhere.db: No such file or directory.",
    ),
    Trap(
        "a sender map that knows everybody",
        written("senders", "/(.*)/ $1\n", smtpd_sender_login_maps="regexp:{base}/senders"),
        "map-knows-everyone",
        "smtpd_sender_login_maps (regexp:{base}/senders) knows every name, so it tells nothing about"
        " who is real.",
        Severity.WARN,
    ),
    Trap(
        "a map that only root may read",
        closed_map,
        "map-closed",
        "virtual_mailbox_maps (hash:{base}/mailboxes) is in a file that not everybody may read; while"
        " our worker may not either, nobody is told to be unknown and no decoy is made.",
        Severity.WARN,
    ),
    Trap(
        "a catch-all",
        catch_all,
        "catch-all",
        "Every name at example.org exists (hash:{base}/virtual), so it has no decoys and no late"
        " bounce.",
        Severity.WARN,
    ),
    Trap(
        "domains in a table that cannot be listed",
        main(relay_domains="sqlite:{base}/nowhere.cf"),
        "domains-unlisted",
        "The domains of relay_domains = sqlite:{base}/nowhere.cf cannot be listed here; which have a"
        " catch-all is not known.",
        Severity.WARN,
    ),
    Trap(
        "a public namespace",
        dovecot("namespace public {\n  type = public\n  prefix = Public/\n  separator = /\n}\n"),
        "shared-namespace",
        "Namespace public is public: a decoy would see its folders, or an error where they are.",
        Severity.MEND,
    ),
    Trap(
        "a namespace with a location of its own",
        dovecot("namespace old {\n  prefix = Old/\n  location = mbox:/srv/old/%u\n}\n"),
        "namespace-location",
        "Namespace old has a location of its own (mbox:/srv/old/%u), outside of a decoy's home.",
        Severity.MEND,
    ),
    Trap(
        "an inbox with a location of its own",
        dovecot("namespace inbox {\n  location = maildir:/srv/mail/%u\n}\n"),
        "inbox-location",
        "The inbox namespace has a location of its own (maildir:/srv/mail/%u), so a decoy's INBOX"
        " would lie among the real ones.",
        Severity.MEND,
    ),
    Trap(
        "mail_access_groups",
        dovecot("mail_access_groups = mail\n"),
        "access-groups",
        "mail_access_groups = mail gives every mailbox process the rights of these groups.",
        Severity.MEND,
    ),
    Trap(
        "a plugin that learns from what is moved",
        dovecot("protocol imap {\n  mail_plugins = $mail_plugins imap_sieve\n}\n"),
        "acting-plugin",
        "mail_plugins of imap has imap_sieve, which acts outside of the mailbox when a decoy does"
        " something in it.",
        Severity.MEND,
    ),
    Trap(
        "no quota plugin",
        dovecot("mail_plugins =\n"),
        "no-quota",
        "Dovecot has no quota plugin, so a decoy could fill the disk by APPEND.",
        Severity.MEND,
    ),
    Trap(
        "ManageSieve and submission",
        dovecot("protocols = imap lmtp submission\n"),
        "other-service",
        "Dovecot also serves submission, where a decoy's password is refused: a way to tell it"
        " apart.",
        Severity.WARN,
    ),
    Trap(
        "a uid that Dovecot does not take",
        written("host/etc/passwd", "honeypost-decoy:x:112:112::/nowhere:/bin/false\n"),
        "decoy-uid",
        "Dovecot takes uids 500 to any, and decoys have 112: none of them could log in.",
    ),
    Trap(
        "delay_warning_time",
        main(delay_warning_time="4h"),
        "delay-warning",
        "delay_warning_time = 4h: senders would be told `still being retried` while their bounce"
        " waits.",
        Severity.MEND,
    ),
    Trap(
        "luser_relay",
        main(luser_relay="alice@example.org"),
        "luser-relay",
        "luser_relay (alice@example.org) takes mail for unknown local users; late bounce would take"
        " it away.",
    ),
    Trap(
        "fallback_transport",
        main(fallback_transport="smtp:[192.0.2.1]"),
        "fallback-transport",
        "fallback_transport (smtp:[192.0.2.1]) already takes mail for unknown local users.",
    ),
    Trap(
        "mailbox_transport",
        main(mailbox_transport="lmtp:unix:private/dovecot-lmtp"),
        "mailbox-transport",
        "mailbox_transport (lmtp:unix:private/dovecot-lmtp) takes unknown local users too, so they"
        " never reach ours.",
    ),
    Trap(
        "unknown recipients accepted, with relay domains",
        main(smtpd_reject_unlisted_recipient="no", relay_domains="relay.example"),
        "accepts-unknown",
        "smtpd_reject_unlisted_recipient = no on smtp/inet, with relay domains: unknown names there"
        " would be bounced to forged senders at once.",
    ),
    Trap(
        "soft_bounce",
        main(soft_bounce="yes"),
        "soft-bounce",
        "soft_bounce = yes turns every final refusal into a later one, so no bounce is ever written.",
    ),
    Trap(
        "a relay domain",
        main(relay_domains="relay.example"),
        "relay-domain",
        "relay.example is a relay domain: for these there is no late bounce.",
        Severity.WARN,
    ),
    Trap(
        "a virtual alias domain",
        main(virtual_alias_domains="alias.example"),
        "alias-domain",
        "alias.example is a virtual alias domain: unknown names there are refused at once, as"
        " before.",
        Severity.WARN,
    ),
    Trap(
        "transport_maps in use",
        main(transport_maps="inline:{{ other.example=smtp:[192.0.2.1] }}"),
        "transport-maps",
        "transport_maps (inline:{{ other.example=smtp:[192.0.2.1] }}) is in use.",
        Severity.MEND,
    ),
    Trap(
        "local_recipient_maps empty",
        main(local_recipient_maps=""),
        "local-accepts-all",
        "local_recipient_maps is empty: unknown local names are bounced to forged senders already.",
        Severity.WARN,
    ),
    Trap(
        "local_recipient_maps on a service",
        option("submission", "local_recipient_maps", "proxy:unix:passwd.byname"),
        "local-maps-on-service",
        "submission/inet has its own local_recipient_maps (proxy:unix:passwd.byname), which ours"
        " would not reach.",
    ),
]


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Findings about each site with nothing wrong in it."""
    return {
        kind: examine(MailTree(tmp_path_factory.mktemp(kind), kind).look())
        for kind in ("debian", "virtual", "sql")
    }


def named(findings: tuple[Finding, ...], code: str) -> list[tuple[str, Severity]]:
    return [(found.text, found.severity) for found in findings if found.code == code]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_the_trap_is_found_and_named(trap, tmp_path, clean):
    tree = MailTree(tmp_path, trap.kind)
    trap.change(tree)
    says = trap.says.format(base=tmp_path)
    assert (says, trap.severity) in named(examine(tree.look()), trap.code)
    assert says not in [text for text, _ in named(clean[trap.kind], trap.code)]


@pytest.mark.parametrize("kind", ["debian", "virtual", "sql"])
def test_a_site_with_nothing_wrong_is_not_refused(kind, clean):
    assert [found.code for found in clean[kind] if found.severity is Severity.REFUSE] == []


@pytest.mark.parametrize(
    "line", ["files systemd", "files", f"files sss {STOP} systemd", "files sss", "compat systemd"]
)
def test_a_right_name_service_is_left_alone(line, tmp_path):
    tree = MailTree(tmp_path, "debian")
    nsswitch(line)(tree)
    assert named(examine(tree.look()), "nsswitch-order") == []


def test_looking_changes_nothing(tmp_path):
    tree = MailTree(tmp_path)
    tree.look()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    tree.look()
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("kind", ["debian", "virtual"])
def test_what_is_attached_brings_up_nothing_but_that_it_is_there(kind, tmp_path, clean):
    tree = MailTree(tmp_path, kind)
    attach(tree)
    codes = {found.code for found in examine(tree.look())}
    assert codes - {found.code for found in clean[kind]} == {"attached-already"}
    assert "login-mismatch-order" not in codes


def attach(tree: MailTree) -> None:
    """Put our containment and chain in, as the attaching does."""
    postfix = tree.look().postfix
    contain = ContainmentConfig("m1x.invalid", "X-Tq81mR", "unix:private/a", "unix:private/b")
    [submission] = postfix.sasl_services
    names = contain.sasl_options({})
    site = {name: submission.written(name, postfix.raw) for name in names}
    for name, value in contain.sasl_options(site).items():
        tree.option("submission", name, value)
    for notices in NOTICE_SERVICES:
        for name, value in contain.notice_options():
            tree.option(notices, name, value, kind="unix")
    [(_, mail)] = local_mail(postfix)
    for name, value in mail.pickup_options():
        tree.option("pickup", name, value, kind="unix")
    added = (*contain.services(), mail.requeue_cleanup(contain.requeue_check()))
    tree.master += "".join(service.text() for service in added)
    tree.main |= contain.main()
    chain = DecoyChain(
        directory=Path("/usr/share/honeypost/lua"), url="http://127.0.0.1:1/", key="k",
        marker_domain="m1x.invalid", uid=5001, gid=5001, home=Path("/nowhere"), deny=(PAM_DENY,),
    )  # fmt: skip
    passdb, userdb, rest = tree.databases.partition("userdb {")
    tree.databases = passdb + chain.passdbs() + chain.userdb() + userdb + rest
    tree.databases += report_only("http://127.0.0.1:2/", "k", "nonce")
    tree.databases += names_socket(Path("/run/honeypost/names-userdb"), "root")
