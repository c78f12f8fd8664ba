-- Decoy logins.  Dovecot 2.3 and 2.4, in an auth worker (blocking=yes, cache_key=%u%w%r).
--
-- Rules that must not be broken:
--   * Loading never fails: a script that does not load kills every login at the next reload.
--     Settings are read under pcall; without them nobody is let in.
--   * Never waits longer than the limits below, and after any failure asks nobody for
--     RETRY_AFTER seconds: the workers are shared with the real users.
--   * Returns OK for nothing but a marker user, and only for services that Postfix contains.
--
-- Settings stand in decoy-settings.lua beside this file (written when a site is attached):
--   return { url=, key=, marker_domain=, uid=, gid=, home=, fields={} }
-- A field named "pop3:NAME" is for that service alone, and wins there.

local RETRY_AFTER = 5     -- seconds, per worker process
-- What Dovecot's auth cache (auth_cache_size) takes for the password.  It never fits, so each
-- login asks anew; else a cached grant would go on after the containment has come into doubt
-- (measured on 2.3.19).  Longer than any secret that a decoy can be won with.
local NEVER_TYPED = "{PLAIN}" .. string.rep("-", 80)
local SERVICES = { smtp = true, imap = true, pop3 = true }  -- not sieve: it could send mail out

-- What is told to Honeypost, and under which name Dovecot has it: 2.3 first, then 2.4.
local FIELDS = {
  user = { "user" }, orig_user = { "original_user" },
  service = { "service", "protocol" }, mech = { "mech", "mechanism" }, secured = { "secured" },
  rip = { "rip", "remote_ip" }, rport = { "rport", "remote_port" },
  lip = { "lip", "local_ip" }, lport = { "lport", "local_port" },
  session = { "session" }, local_name = { "local_name" }, client_id = { "client_id" },
  ja3 = { "ssl_ja3_hash" },
}

local function settings()
  local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
  local ok, found = pcall(dofile, here .. "decoy-settings.lua")
  if ok and type(found) == "table" and found.url and found.key and found.marker_domain then
    return found
  end
  return nil
end

local site = settings()
local client, silent_until = nil, 0

local function field(req, names)
  for _, name in ipairs(names) do
    local value = req[name]
    if value ~= nil and value ~= "" then return value end
  end
  return nil
end

-- Dovecot 2.3 ignores option names that it does not know, so with those of 2.4 it would have no
-- limit at all; 2.4 raises on unknown ones.  Hence 2.3 first.
local function new_client()
  local ok, made = pcall(dovecot.http.client, {
    request_absolute_timeout_msecs = 600, request_timeout_msecs = 500,
    connect_timeout_msecs = 200, max_attempts = 1, max_connect_attempts = 1,
    connect_backoff_time_msecs = 10, connect_backoff_max_time_msecs = 50, no_auto_retry = true,
  })
  if ok then return made end
  return dovecot.http.client{
    request_absolute_timeout = "600ms", request_timeout = "500ms",
    connect_timeout = "200ms", request_max_attempts = 1, max_connect_attempts = 1,
    connect_backoff_time = "10ms", connect_backoff_max_time = "50ms", auto_retry = "no",
  }
end

local function encoded(value)
  return (tostring(value):gsub("[^%w%.%-_]", function(c)
    return string.format("%%%02X", c:byte())
  end))
end

local function form(req, password)
  local parts = {}
  for name, sources in pairs(FIELDS) do
    local value = field(req, sources)
    if value ~= nil then parts[#parts + 1] = name .. "=" .. encoded(value) end
  end
  parts[#parts + 1] = "password=" .. encoded(password)
  return table.concat(parts, "&")
end

-- Gives the body of the answer, "" for "no"; raises on everything else.
local function ask(req, password)
  if client == nil then client = new_client() end
  local request = client:request{ url = site.url, method = "POST" }
  request:add_header("Content-Type", "application/x-www-form-urlencoded")
  request:add_header("X-Key", site.key)
  request:set_payload(form(req, password))
  local response = request:submit()
  if response:status() == 200 then return response:payload() end
  if response:status() == 204 then return "" end
  error("status " .. tostring(response:status()))
end

-- The local part of the marker user, or nil.  [a-z0-9] only: it becomes part of a path.
local function marker(answer)
  if type(answer) ~= "string" then return nil end
  local id, domain = answer:match("^user=([a-z0-9]+)@([a-z0-9.]+)%s*$")
  if id == nil or #id > 64 or domain ~= site.marker_domain then return nil end
  return id
end

local function granted(id, service)
  local home = site.home .. "/" .. id
  local fields = {
    user = id .. "@" .. site.marker_domain,
    password = NEVER_TYPED,
    userdb_uid = site.uid, userdb_gid = site.gid,
    userdb_home = home, userdb_mail = "maildir:" .. home .. "/Maildir",
  }
  for name, value in pairs(site.fields or {}) do
    if not name:match("^%w+:") then fields[name] = value end
  end
  for name, value in pairs(site.fields or {}) do
    local only, plain = name:match("^(%w+):(.+)$")
    if only == service then fields[plain] = value end
  end
  return fields
end

function auth_password_verify(req, password)
  local service = field(req, FIELDS.service)
  if site == nil or not SERVICES[service] then
    return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "unknown user"
  end
  if os.time() >= silent_until then
    local ok, answer = pcall(ask, req, password)
    if ok then
      local id = marker(answer)
      if id ~= nil then return dovecot.auth.PASSDB_RESULT_OK, granted(id, service) end
      return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "unknown user"
    end
    silent_until = os.time() + RETRY_AFTER
    pcall(function() req:log_warning("lookup: " .. tostring(answer)) end)
  end
  -- The client is told the same, but the auth cache does not keep it: a secret that works must
  -- not be refused for an hour because we were away for a second.
  return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "nobody answered"
end

function auth_passdb_get_cache_key()  -- 2.4; on 2.3 cache_key= in args
  return "%{user}%{password}%{remote_ip}"
end

function auth_passdb_lookup(req)
  return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "unknown user"
end
