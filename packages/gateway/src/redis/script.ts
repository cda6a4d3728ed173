/**
 * The steps of the queue, each of which Redis makes as a whole. `KEYS[1]`: what all keys begin with. `ARGV`: which gateway
 * calls, the channel of all gateways, the step, and what it needs.
 *
 * - `run:ID`: a run; until it has ended with `job`, then with `end`
 * - `order`: the runs that wait, by virtual time. This is what places are told by
 * - `mine:CALLER`, `fits:NEEDS:CALLER`: the same runs of a caller, by number; `kinds:CALLER`: their needs
 * - `turns`, `idle`: when the next turn of a caller is, who has runs that wait or has had a turn just now
 * - `heads:NEEDS`: of each caller the first run with such needs, by the turn of the caller. So a run that fits a server is
 *   found without a look at those that don't. `head`: which run of a caller is there
 * - `held`, `sent`: the runs of servers; `waiting`: how many runs wait, by needs; `uses`: of runs that have not ended, by
 *   `plan:ID` and `needs:ID`
 * - `created`, `started`, `completed`, and the same by group: all runs by time
 * - `servers`, `names`, `place`, `files`: what the gateways share
 *
 * BullMQ was tried instead. It can't take a job under a condition, so runs went to servers without their models; it gives
 * what a dead worker held to any other, which would make runs twice; and its priorities are whole numbers, which can't
 * let callers take turns.
 */
export const SCRIPT = `
local P, me, channel, step = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local call = redis.call
local TURN, MOST_SAVED = 1000000, 10

local function k(...) return table.concat({ P, ... }, ':') end
local function number(text) return tonumber(text or 0) end
local function whole(value) return string.format('%.0f', value) end
-- By the number: of equal turns, the earlier run is first.
local function place(number, id) return string.format('%012d:%s', number, id) end
local function runAt(place) return string.sub(place, 14) end
local function read(id, ...) return unpack(call('HMGET', k('run', id), ...)) end
local function bare(id) return call('HMGET', k('run', id), 'job', 'number', 'server', 'sent', 'cancelled', 'end') end
local function found(id)
  local run = bare(id)
  -- How many come before it: those at work, or all that servers have and that are before it in the order.
  if run[1] and run[3] then run[7] = call('SCARD', k('sent')) end
  if run[1] and not run[3] then
    run[7] = call('ZCARD', k('held')) + call('ZRANK', k('order'), place(run[2], id))
  end
  return run
end
local function all(ids, read)
  local runs = {}
  for i, id in ipairs(ids) do runs[i] = read(id) end
  return runs
end
local function now()
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function tell(id, server, isOver)
  call('PUBLISH', channel, cjson.encode({ from = me, run = id, server = server or nil, isOver = isOver }))
end

local function index(id, by, time)
  local group = read(id, 'group')
  call('ZADD', k(by), time, id)
  if group ~= '' then call('ZADD', k(by, group), time, id) end
end

local function keep(kind, id, text)
  call('SET', k(kind, id), text)
  call('HINCRBY', k('uses'), kind .. id, 1)
end
local function drop(kind, id)
  if call('HINCRBY', k('uses'), kind .. id, -1) > 0 then return end
  call('HDEL', k('uses'), kind .. id)
  -- Somebody may be about to read it.
  call('EXPIRE', k(kind, id), 3600)
end

-- Puts the first runs of a caller to its turn. only: the needs for which that may be another run, where the turn is the same
local function setHeads(caller, only)
  local turns = call('HGET', k('turns'), caller)
  for _, needs in ipairs(only and { only } or call('SMEMBERS', k('kinds', caller))) do
    local heads, field = k('heads', needs), needs .. caller
    local before = call('HGET', k('head'), field)
    local first = call('ZRANGE', k('fits', needs, caller), 0, 0)[1]
    if before and before ~= first then call('ZREM', heads, before) end
    if first then
      call('ZADD', heads, turns, first)
      call('HSET', k('head'), field, first)
    else
      call('HDEL', k('head'), field)
      call('SREM', k('kinds', caller), needs)
    end
  end
  local first = call('ZRANGE', k('mine', caller), 0, 0)[1]
  if first then call('ZADD', k('order'), turns, first) end
end

-- Lets a run wait. isBack: its caller gets the turn back
local function enter(id, isBack)
  local caller, needs, count = read(id, 'group', 'needs', 'number')
  local turns = call('HGET', k('turns'), caller)
  local isSame = turns and not isBack
  if not turns then
    turns = math.max(number(call('GET', k('now'))), number(call('ZSCORE', k('idle'), caller)))
    call('ZREM', k('idle'), caller)
  end
  if isBack then turns = turns - TURN end
  call('HSET', k('turns'), caller, whole(turns))
  local one = place(count, id)
  call('ZADD', k('mine', caller), count, one)
  call('ZADD', k('fits', needs, caller), count, one)
  call('SADD', k('kinds', caller), needs)
  call('HINCRBY', k('waiting'), needs, 1)
  local before = call('ZRANK', k('mine', caller), one)
  call('ZADD', k('order'), whole(turns + before * TURN), one)
  setHeads(caller, isSame and needs)
end

-- Lets a run wait no longer. turns: when the next turn of its caller is
local function leave(id, turns)
  local caller, needs, count = read(id, 'group', 'needs', 'number')
  local one = place(count, id)
  call('ZREM', k('mine', caller), one)
  call('ZREM', k('fits', needs, caller), one)
  call('ZREM', k('order'), one)
  if call('HINCRBY', k('waiting'), needs, -1) < 1 then call('HDEL', k('waiting'), needs) end
  if turns then call('HSET', k('turns'), caller, whole(turns)) end
  setHeads(caller, not turns and needs)
  if call('EXISTS', k('mine', caller)) == 1 then return end
  turns = number(call('HGET', k('turns'), caller))
  call('HDEL', k('turns'), caller)
  if turns > number(call('GET', k('now'))) then call('ZADD', k('idle'), whole(turns), caller) end
end

-- The run whose turn it is, of those with the needs in ARGV, and its caller's turn.
local function first(from)
  local best, least
  for i = from, #ARGV do
    local head = call('ZRANGE', k('heads', ARGV[i]), 0, 0, 'WITHSCORES')
    local turns = tonumber(head[2])
    if turns and (not best or turns < least or (turns == least and head[1] < best)) then
      best, least = head[1], turns
    end
  end
  return best and runAt(best), least
end

local steps = {}

function steps.add(id, job, group, createdAt, needsId, needs, planId, plan)
  local before = read(id, 'number')
  -- The answer was lost.
  if before then return tonumber(before) end
  local count = call('INCR', k('number'))
  call('HSET', k('run', id), 'job', job, 'number', count, 'group', group, 'needs', needsId, 'plan', planId)
  keep('needs', needsId, needs)
  keep('plan', planId, plan)
  index(id, 'created', createdAt)
  index(id, 'started', '+inf')
  index(id, 'completed', '+inf')
  enter(id)
  tell(id)
  return count
end

function steps.next()
  local id = first(4)
  return id and found(id)
end

function steps.take(server)
  local id, turns = first(5)
  if not id then return false end
  -- It goes on by a turn while each caller who waits has one.
  local time = math.max(number(call('GET', k('now'))) + math.ceil(TURN / call('HLEN', k('turns'))), turns)
  call('SET', k('now'), whole(time))
  -- While no server could take its runs, a caller has saved some turns, but not all.
  leave(id, math.max(turns, time - MOST_SAVED * TURN) + TURN)
  call('ZREMRANGEBYSCORE', k('idle'), '-inf', whole(time))
  call('HSET', k('run', id), 'server', server)
  call('ZADD', k('held'), read(id, 'number'), id)
  tell(id, server)
  return found(id)
end

function steps.move(id, from, to)
  local server, sent = read(id, 'server', 'sent')
  if server ~= from or sent then return 0 end
  call('HSET', k('run', id), 'server', to)
  tell(id, from)
  tell(id, to)
  return 1
end

function steps.send(id, by, session, at)
  local server, sent, before, cancelled = read(id, 'server', 'sent', 'session', 'cancelled')
  if server ~= by or cancelled then return false end
  if sent then return before == session and sent end
  call('HSET', k('run', id), 'sent', at, 'session', session)
  call('SADD', k('sent'), id)
  index(id, 'started', at)
  tell(id, server)
  return at
end

function steps.back(id, by, sentAt)
  local server, sent = read(id, 'server', 'sent')
  if server ~= by or (sent or '') ~= sentAt then return end
  call('HDEL', k('run', id), 'server', 'sent', 'session')
  call('ZREM', k('held'), id)
  call('SREM', k('sent'), id)
  index(id, 'started', '+inf')
  enter(id, true)
  tell(id, server)
  tell(id)
end

function steps.cancel(id)
  local job, server = read(id, 'job', 'server')
  if not job then return false end
  call('HSET', k('run', id), 'cancelled', 1)
  tell(id, server)
  return found(id)
end

steps['end'] = function(id, ended, startedAt, completedAt)
  local job, server, needs, plan = read(id, 'job', 'server', 'needs', 'plan')
  if job then
    if not server then leave(id) end
    call('HDEL', k('run', id), 'job', 'server', 'sent', 'session', 'cancelled', 'needs', 'plan')
    call('HSET', k('run', id), 'end', ended)
    call('ZREM', k('held'), id)
    call('SREM', k('sent'), id)
    index(id, 'started', startedAt)
    index(id, 'completed', completedAt)
    drop('needs', needs)
    drop('plan', plan)
    tell(id, server, true)
  end
  return found(id)
end

function steps.get(id) return found(id) end

function steps.held() return all(call('ZRANGE', k('held'), 0, -1), bare) end

function steps.entries()
  local ids = call('ZRANGE', k('held'), 0, -1)
  for _, one in ipairs(call('ZRANGE', k('order'), 0, -1)) do ids[#ids + 1] = runAt(one) end
  return all(ids, bare)
end

function steps.list(by, group, order, offset, limit)
  local key = group == '' and k(by) or k(by, group)
  local total = call('ZCARD', key)
  local from, to = offset + 0, offset + limit - 1
  if limit == '0' then return { total, {} } end
  if order == 'asc' then return { total, all(call('ZRANGE', key, from, to), found) } end
  -- Those without the time come last in this order, too.
  local none = call('ZCOUNT', key, '+inf', '+inf')
  local ids = call('ZREVRANGE', key, none + from, none + to)
  local skipped = math.max(0, from - (total - none))
  local last = math.min(none, skipped + limit - #ids) - 1
  if last >= skipped then
    for _, id in ipairs(call('ZREVRANGE', key, skipped, last)) do ids[#ids + 1] = id end
  end
  return { total, all(ids, found) }
end

-- Removes up to 1000 records of runs that have ended, and were created before.
function steps.clean(before)
  local count = 0
  for _, id in ipairs(call('ZRANGEBYSCORE', k('created'), '-inf', before, 'LIMIT', 0, 1000)) do
    local group, ended = read(id, 'group', 'end')
    if ended then
      for _, by in ipairs({ 'created', 'started', 'completed' }) do
        call('ZREM', k(by), id)
        call('ZREM', k(by, group), id)
      end
      call('DEL', k('run', id))
      count = count + 1
    end
  end
  return count
end

local TYPES = {
  hash = { 'turns', 'head', 'waiting', 'uses', 'servers', 'names' },
  zset = { 'order', 'idle', 'held', 'created', 'started', 'completed' },
  set = { 'sent' },
  string = { 'number', 'now', 'place', 'files', 'cleaned' },
}

-- Gives the name of a key that somebody else has made.
function steps.strange()
  for kind, names in pairs(TYPES) do
    for _, name in ipairs(names) do
      local found = call('TYPE', k(name)).ok
      if found ~= 'none' and found ~= kind then return k(name) end
    end
  end
  return false
end

-- Gives the place of the files of other gateways, if it is not this one.
function steps.open(files)
  local other = call('GET', k('place'))
  if other and other ~= files then return other end
  call('SET', k('place'), files, 'PX', 30000)
  -- A Redis that comes back empty knows of no files.
  call('SET', k('files'), files)
  return false
end

function steps.name(url)
  local name = call('HGET', k('names'), url)
  if name then return name end
  name = 'comfyui-' .. (call('HLEN', k('names')) + 1)
  call('HSET', k('names'), url, name)
  return name
end

function steps.claim(name, session, polls)
  local text = call('HGET', k('servers'), name)
  local before = text and cjson.decode(text)
  local isSame = before and before.session == session
  -- A worker that is there is heard of each second.
  if before and not isSame and now() - before.at < 5000 then return 0 end
  if isSame and polls == '0' then return 1 end
  if before and before.gateway ~= me then
    call('PUBLISH', channel, cjson.encode({ from = me, moved = true, server = name }))
  end
  local isUp = isSame and before.isUp or false
  local state = { session = session, gateway = me, at = now(), isUp = isUp }
  call('HSET', k('servers'), name, cjson.encode(state))
  return 1
end

function steps.meet(files, forgottenMs, own)
  local time = now()
  call('SET', k('place'), files, 'PX', 30000)
  -- By this, each gateway knows that it hears the others.
  call('PUBLISH', channel, cjson.encode({ from = me }))
  for _, one in ipairs(cjson.decode(own)) do
    local text = call('HGET', k('servers'), one.name)
    local before = text and cjson.decode(text)
    if before and before.gateway == me and before.session == one.session then
      local state = { session = one.session, gateway = me, at = time - one.silentMs, isUp = one.isUp }
      call('HSET', k('servers'), one.name, cjson.encode(state))
    end
  end
  local servers = call('HGETALL', k('servers'))
  local told = {}
  for i = 1, #servers, 2 do
    local state = cjson.decode(servers[i + 1])
    if time - state.at > tonumber(forgottenMs) then
      call('HDEL', k('servers'), servers[i])
    else
      told[#told + 1] = cjson.encode({ name = servers[i], session = state.session, isUp = state.isUp,
        silentMs = math.max(0, time - state.at), isAbroad = state.gateway ~= me })
    end
  end
  return told
end

-- Others may be as many as there are needs.
return steps[step](unpack(ARGV, 4, math.min(#ARGV, 20)))
`
