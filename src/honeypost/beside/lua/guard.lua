-- Guard of the decoys.  Dovecot 2.3 and 2.4, in the auth process itself (blocking=no), no I/O.
--
-- Lets the chain go on to decoy.lua only when every password database before it has said
-- "unknown user".  Without it a real user who types a common password becomes a decoy, and
-- while the real database is down everybody may.  It must be a script of its own: inside an
-- auth worker passdbs_seen_user_unknown is always false.
--
-- Right for ONE real database; with several, each needs a deny=yes copy as well.

function auth_password_verify(req, password)
  if req.passdbs_seen_user_unknown == true and req.passdbs_seen_internal_failure ~= true then
    return dovecot.auth.PASSDB_RESULT_NEXT, ""  -- a string: 2.4 raises on a table here
  end
  return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "password mismatch"
end

-- A lookup without a password (LMTP or doveadm over a static userdb) must end as it would without
-- us: a mismatch here made "no such user" a temporary failure, so unknown recipients were queued.
function auth_passdb_lookup(req)
  if req.passdbs_seen_internal_failure == true then
    return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, "internal failure"
  end
  return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "unknown user"
end
