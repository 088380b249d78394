-- Events and who comes to them. An event's record carries what its sign-ups
-- come to: how many are in each state, and how many people have a place.

local holds = {signed = true, offered = true, attended = true}
local places_max = 5000
local signups_max = 5000

local function signup_was(key)
    local was = redis.call('HMGET', key, 'v', 'state', 'n', 'code')
    return {
        v = was[1] or '0',
        state = was[2],
        code = was[4],
        held = was[2] and holds[was[2]] and tonumber(was[3] or '0') or 0
    }
end

-- Places came free: whoever waits is looked at.
local function set_free(event, due, id, now)
    redis.call('HINCRBY', event, 'freed', 1)
    redis.call('ZADD', due, now, id)
end

-- One change of one sign-up.
-- keys: event, sign-up, sign-ups of the event, of the rider, those that wait,
--       clocks, codes of the event, those with private data
-- args: event, rider, version of the event, of the sign-up, state, people, how
--       many wait (-1: any), now_ms, due_ms, whether it passes those that wait,
--       ms of private data (0: has none), order among those of the rider, of
--       the event, code, names and values …
ops['signup_put'] = {
    check = function(keys, k, args, a)
        local event = redis.call('HMGET', keys[k], 'v', 'taken', 'capacity')
        local was = signup_was(keys[k + 1])
        if event[1] ~= args[a + 2] or was.v ~= args[a + 3] then
            return {'conflict'}
        end
        local state, people = args[a + 4], tonumber(args[a + 5])
        local most = tonumber(event[3] or '0')
        local free = (most > 0 and most or places_max) -
            tonumber(event[2] or '0')
        local waiting = redis.call('ZCARD', keys[k + 4])
        local passes = args[a + 9] == '1'
        if holds[state] and people - was.held > free then
            return {passes and 'limit' or 'conflict'}
        end
        if state == 'signed' and was.held == 0 and not passes and
            waiting > 0 then
            return {'conflict'}
        end
        if state == 'waiting' and was.state ~= 'waiting' then
            if people <= free and waiting == 0 then
                return {'conflict'}
            end
            local place = tonumber(args[a + 6])
            if place >= 0 and place ~= waiting then
                return {'conflict'}
            end
        end
        if was.v == '0' and
            redis.call('ZCARD', keys[k + 2]) >= signups_max then
            return {'limit'}
        end
        local code = args[a + 13]
        if code ~= '' and code ~= was.code and
            redis.call('HEXISTS', keys[k + 6], code) == 1 then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local event, due = keys[k], keys[k + 5]
        local id, rider, state = args[a], args[a + 1], args[a + 4]
        local member = id .. ' ' .. rider
        local was = signup_was(keys[k + 1])
        local held = holds[state] and tonumber(args[a + 5]) or 0
        if was.state ~= state then
            if was.state then
                redis.call('HINCRBY', event, 'n_' .. was.state, -1)
            end
            redis.call('HINCRBY', event, 'n_' .. state, 1)
        end
        if held ~= was.held then
            redis.call('HINCRBY', event, 'taken', held - was.held)
        end
        if was.state == 'waiting' and state ~= 'waiting' then
            redis.call('ZREM', keys[k + 4], rider)
        elseif state == 'waiting' and was.state ~= 'waiting' then
            redis.call('ZADD', keys[k + 4],
                redis.call('HINCRBY', event, 'seq', 1), rider)
        end
        if held < was.held and redis.call('ZCARD', keys[k + 4]) > 0 then
            set_free(event, due, id, args[a + 7])
        end
        if args[a + 8] == '0' then
            redis.call('ZREM', due, member)
        else
            redis.call('ZADD', due, args[a + 8], member)
        end
        if args[a + 10] == '0' then
            redis.call('ZREM', keys[k + 7], member)
        else
            redis.call('ZADD', keys[k + 7], args[a + 10], member)
        end
        local code = args[a + 13]
        if was.code and was.code ~= code then
            redis.call('HDEL', keys[k + 6], was.code)
        end
        if code ~= '' then
            redis.call('HSET', keys[k + 6], code, rider)
        end
        redis.call('ZADD', keys[k + 3], args[a + 11], id)
        local set, gone = {}, {}
        for i = a + 14, a + n - 1, 2 do
            if args[i + 1] == '' then
                gone[#gone + 1] = args[i]
            else
                set[#set + 1] = args[i]
                set[#set + 1] = args[i + 1]
            end
        end
        redis.call('HINCRBY', keys[k + 1], 'v', 1)
        redis.call('HSET', keys[k + 1], 'order', args[a + 12], unpack(set))
        if #gone > 0 then
            redis.call('HDEL', keys[k + 1], unpack(gone))
        end
        redis.call('ZADD', keys[k + 2], args[a + 12], rider)
    end
}

-- keys: as signup_put; args: event, rider, version, now_ms
ops['signup_erase'] = {
    check = function(keys, k, args, a)
        if signup_was(keys[k + 1]).v ~= args[a + 2] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        local event, due = keys[k], keys[k + 5]
        local id, rider = args[a], args[a + 1]
        local member = id .. ' ' .. rider
        local was = signup_was(keys[k + 1])
        redis.call('ZREM', keys[k + 4], rider)
        -- How many were there stays, without names.
        if was.state and was.state ~= 'attended' and
            redis.call('EXISTS', event) == 1 then
            redis.call('HINCRBY', event, 'n_' .. was.state, -1)
            if was.held > 0 then
                redis.call('HINCRBY', event, 'taken', -was.held)
                set_free(event, due, id, args[a + 3])
            end
        end
        if was.code then
            redis.call('HDEL', keys[k + 6], was.code)
        end
        redis.call('ZREM', due, member)
        redis.call('ZREM', keys[k + 7], member)
        redis.call('ZREM', keys[k + 3], id)
        redis.call('ZREM', keys[k + 2], rider)
        redis.call('DEL', keys[k + 1])
    end
}

-- keys: sign-up, those with private data; args: version, "<event> <rider>"
ops['signup_strip'] = {
    check = function(keys, k, args, a)
        if (redis.call('HGET', keys[k], 'v') or '0') ~= args[a] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        if args[a] ~= '0' then
            redis.call('HINCRBY', keys[k], 'v', 1)
            redis.call('HDEL', keys[k], 'private')
        end
        redis.call('ZREM', keys[k + 1], args[a + 1])
    end
}

-- keys: clocks; args: what is taken out
ops['event_unring'] = {
    apply = function(keys, k, args, a)
        redis.call('ZREM', keys[k], args[a])
    end
}

-- All who signed up are looked at. keys: sign-ups of the event, clocks
-- args: event, now_ms
ops['event_stir'] = {
    apply = function(keys, k, args, a)
        for _, rider in ipairs(redis.call('ZRANGE', keys[k], 0, -1)) do
            redis.call('ZADD', keys[k + 1], args[a + 1],
                args[a] .. ' ' .. rider)
        end
    end
}

-- keys: event, clocks; args: event, now_ms
ops['event_free'] = {
    apply = function(keys, k, args, a)
        set_free(keys[k], keys[k + 1], args[a], args[a + 1])
    end
}

-- Nothing came free since it was read. keys: event, clocks; args: event, freed
ops['event_rest'] = {
    apply = function(keys, k, args, a)
        if (redis.call('HGET', keys[k], 'freed') or '0') == args[a + 1] then
            redis.call('ZREM', keys[k + 1], args[a])
        end
    end
}

-- Nobody has signed up. keys: sign-ups of the event
ops['event_empty'] = {
    check = function(keys, k)
        if redis.call('ZCARD', keys[k]) > 0 then
            return {'state'}
        end
    end,
    apply = function() end
}
