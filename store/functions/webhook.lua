-- Webhooks. All hooks are in one hash by id, sealed, so that one read has them
-- all; what is counted of each is in another one, '<id>:changed' and so on. The
-- events that wait for a hook are a stream of entries i (the event's id) and e
-- (its body). Those that were given up are in a hash by event id,
-- '<why>\31<tries>\31<body>', and in a sorted set by ms.

-- keys: hooks; args: most hooks, id, sealed
ops['webhook_add'] = {
    check = function(keys, k, args, a)
        if redis.call('HLEN', keys[k]) >= tonumber(args[a]) then
            return {'limit'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('HSET', keys[k], args[a + 1], args[a + 2])
    end
}

-- keys: hooks, counts, events, dead, died, sender; args: id
ops['webhook_remove'] = {
    check = function(keys, k, args, a)
        if redis.call('HEXISTS', keys[k], args[a]) == 0 then
            return {'not_found'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('HDEL', keys[k], args[a])
        redis.call('HDEL', keys[k + 1], args[a] .. ':changed',
            args[a] .. ':overflowed')
        redis.call('UNLINK', keys[k + 2], keys[k + 3], keys[k + 4],
            keys[k + 5])
    end
}

-- Gives events up. dead and died are keys; the oldest beyond most go away.
local function bury(dead, died, ms, most, id, why, tries, body)
    redis.call('HSET', dead, id, why .. '\31' .. tries .. '\31' .. body)
    redis.call('ZADD', died, ms, id)
    local over = redis.call('ZCARD', died) - most
    if over > 0 then
        local gone = redis.call('ZPOPMIN', died, over)
        for i = 1, #gone, 2 do
            redis.call('HDEL', dead, gone[i])
        end
    end
end

local function field(entry, name)
    for i = 1, #entry[2], 2 do
        if entry[2][i] == name then
            return entry[2][i + 1]
        end
    end
    return ''
end

-- Adds an event; the oldest beyond most that wait are given up.
-- keys: hooks, counts, events, dead, died
-- args: hook, id, body, now_ms, most that wait, most that are dead
ops['webhook_event'] = {
    apply = function(keys, k, args, a)
        local events = keys[k + 2]
        if redis.call('HEXISTS', keys[k], args[a]) == 0 then
            return
        end
        redis.call('XADD', events, '*', 'i', args[a + 1], 'e', args[a + 2])
        local over = redis.call('XLEN', events) - args[a + 4]
        if over <= 0 then
            return
        end
        local old = redis.call('XRANGE', events, '-', '+', 'COUNT', over)
        for _, entry in ipairs(old) do
            bury(keys[k + 3], keys[k + 4], args[a + 3], tonumber(args[a + 5]),
                field(entry, 'i'), 'overflow', 0, field(entry, 'e'))
            redis.call('XDEL', events, entry[1])
        end
        redis.call('HINCRBY', keys[k + 1], args[a] .. ':overflowed', #old)
    end
}

-- keys: events; args: entries
ops['webhook_done'] = {
    apply = function(keys, k, args, a, n)
        redis.call('XDEL', keys[k], unpack(args, a, a + n - 1))
    end
}

-- keys: events, dead, died
-- args: entry, now_ms, most that are dead, id, why, tries, body
ops['webhook_dead'] = {
    apply = function(keys, k, args, a)
        if redis.call('XDEL', keys[k], args[a]) == 1 then
            bury(keys[k + 1], keys[k + 2], args[a + 1], tonumber(args[a + 2]),
                args[a + 3], args[a + 4], args[a + 5], args[a + 6])
        end
    end
}

-- Lets dead events wait again. keys: hooks, counts, events, dead, died
-- args: hook, how many of the oldest, or '0' and ids …
ops['webhook_replay'] = {
    check = function(keys, k, args, a)
        if redis.call('HEXISTS', keys[k], args[a]) == 0 then
            return {'not_found'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local ids, moved = {}, 0
        if args[a + 1] ~= '0' then
            ids = redis.call('ZRANGE', keys[k + 4], 0, args[a + 1] - 1)
        else
            ids = {unpack(args, a + 2, a + n - 1)}
        end
        for _, id in ipairs(ids) do
            local dead = redis.call('HGET', keys[k + 3], id)
            if dead then
                local body = string.match(dead, '^[^\31]*\31[^\31]*\31(.*)$')
                redis.call('XADD', keys[k + 2], '*', 'i', id, 'e', body)
                redis.call('HDEL', keys[k + 3], id)
                redis.call('ZREM', keys[k + 4], id)
                moved = moved + 1
            end
        end
        redis.call('HINCRBY', keys[k + 1], args[a] .. ':changed', 1)
        return tostring(moved)
    end
}

-- Takes or keeps the right to send the events of a hook. keys: hooks, sender
-- args: hook, owner, ttl_ms
ops['webhook_hold'] = {
    apply = function(keys, k, args, a)
        local owner = redis.call('GET', keys[k + 1])
        if (owner and owner ~= args[a + 1]) or
            redis.call('HEXISTS', keys[k], args[a]) == 0 then
            return '0'
        end
        redis.call('SET', keys[k + 1], args[a + 1], 'PX', args[a + 2])
        return '1'
    end
}

-- keys: sender; args: owner
ops['webhook_let_go'] = {
    apply = function(keys, k, args, a)
        if redis.call('GET', keys[k]) == args[a] then
            redis.call('DEL', keys[k])
        end
    end
}
