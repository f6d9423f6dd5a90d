-- One load of wrk's. Arguments after "--": the mode, a text that no other run has, and the files it reads.
--
--   book  RUN PAUSE TOKENS TARGETS   POST /bookings, each by another user with a key of its own
--   pay   RUN PAUSE TOKENS TARGETS   the same, and POST /payments for every booking that was answered
--   login RUN PAUSE NAMES PASSWORD   POST /login
--   read  RUN PAUSE PATHS            GET, in turn
--
-- PAUSE: milliseconds that a connection waits before it asks again, on the mean; 0 for none.
-- TOKENS: a user's id and access token a line. TARGETS: the ids of an event and of a ticket type of it, and
-- what else is wished of that, one ticket unless said. RUN ends with a number; each run goes on in TARGETS
-- about where the one before it ended.
-- On standard output, last: one line of JSON.

local CARD = '"method":"card","details":{"number":"4242424242424242","expiry":"12/40","cvv":"123","holder":"B"}'
local BETWEEN_RUNS = 9973
local tokens, token_of, targets, unpaid, number, first, run = {}, {}, {}, {}, 0, 0, ""

local function lines(path)
  local found = {}
  for line in io.lines(path) do found[#found + 1] = line end
  return found
end

local function read_buyers(args)
  for _, line in ipairs(lines(args[4])) do
    local user, token = line:match("^(%d+) (.+)$")
    tokens[#tokens + 1] = token
    token_of[user] = token
  end
  for _, line in ipairs(lines(args[5])) do
    local event, kind, wish = line:match("^(%d+) (%d+) ?(.*)$")
    if wish == "" then wish = '"quantity":1' end
    targets[#targets + 1] = '{"event":' .. event .. ',"tickets":[{"ticket_type":' .. kind .. "," .. wish .. "}]}"
  end
  first = tonumber(run:match("(%d+)%-$")) * BETWEEN_RUNS
end

local function post(path, token, key, body)
  local headers = { ["Content-Type"] = "application/json", ["Idempotency-Key"] = key }
  if token then headers["Authorization"] = "Bearer " .. token end
  return wrk.format("POST", path, headers, body)
end

local function book()
  number = number + 1
  return post("/bookings", tokens[number % #tokens + 1], run .. number, targets[(first + number) % #targets + 1])
end

local function pay_or_book()
  local booking = table.remove(unpaid)
  if not booking then return book() end
  local body = '{"booking_id":' .. booking.id .. "," .. CARD .. "}"
  return post("/payments", token_of[booking.user], run .. "pay" .. booking.id, body)
end

-- A global of a thread is what wrk's done() can ask for; a table is not handed over whole.
local function count(status, headers)
  local name = "answers" .. status
  _G[name] = (_G[name] or 0) + 1
  if status == 503 and not (headers["Retry-After"] or headers["retry-after"]) then
    without_retry_after = (without_retry_after or 0) + 1
  end
end

local modes = {
  book = function(args)
    read_buyers(args)
    request, response = book, count
  end,
  pay = function(args)
    read_buyers(args)
    request = pay_or_book
    response = function(status, headers, body)
      local paid = body:find('"booking_id":', 1, true)
      if status == 201 and not paid then
        unpaid[#unpaid + 1] = { id = body:match('"id":(%d+)'), user = body:match('"user":(%d+)') }
      elseif status == 201 then
        done_pairs = (done_pairs or 0) + 1
      end
      count(status, headers)
    end
  end,
  login = function(args)
    local names = lines(args[4])
    request = function()
      number = number + 1
      local name = names[number % #names + 1]
      return post("/login", nil, nil, '{"username":"' .. name .. '","password":"' .. args[5] .. '"}')
    end
    response = count
  end,
  -- Without a response function wrk makes no Lua values of the answers, and stays the lighter one.
  read = function(args)
    local requests = {}
    for _, path in ipairs(lines(args[4])) do requests[#requests + 1] = wrk.format("GET", path) end
    request = function()
      number = number + 1
      return requests[number % #requests + 1]
    end
  end,
}

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  run = args[2]
  local pause = tonumber(args[3])
  -- Not all at once, as people do not press at once.
  if pause > 0 then delay = function() return pause * (0.5 + math.random()) end end
  modes[args[1]](args)
end

local function total(name)
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + (thread:get(name) or 0) end
  return sum
end

function done(summary, latency)
  local statuses = {}
  for status = 100, 599 do
    local sum = total("answers" .. status)
    if sum > 0 then statuses[#statuses + 1] = string.format('"%d":%d', status, sum) end
  end
  print(string.format(
    '{"requests":%d,"seconds":%.6f,"p50":%.3f,"p95":%.3f,"p99":%.3f,"longest":%.3f,"statuses":{%s},'
      .. '"refused":%d,"without_retry_after":%d,"pairs":%d,"socket_errors":%d,"timeouts":%d}',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    table.concat(statuses, ","), summary.errors.status, total("without_retry_after"), total("done_pairs"),
    summary.errors.connect + summary.errors.read + summary.errors.write, summary.errors.timeout))
end
