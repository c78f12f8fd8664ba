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

function auth_passdb_lookup(req)
  return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "password mismatch"
end
