-- The delivery of a broadcast: its targets in one list, and beside it a string
-- of one letter a target:
--   w waiting, s being sent, o sent, r refused, u unknown,
--   d to be recalled, c recalled, l too late to recall
-- Another string has a character for the account that took each target: its
-- place among the accounts of the part. The head has how many of each letter
-- there are; of each part p the hash of parts has
--   <p>       "<first index> <targets> <accounts> <language>"
--   next:<p>  below it none waits
--   w:<p>     how many wait

local delivery_day_ms = 24 * 3600 * 1000
local delivery_kept_ms = 90 * delivery_day_ms

local function delivery_part(parts, p)
    local row = redis.call('HGET', parts, p) or '0 0  '
    local from, n, accounts, lang = string.match(row, '^(%d+) (%d+) (%S*) (.*)$')
    return tonumber(from), tonumber(n), accounts, lang
end

local function delivery_count(head, letter, by)
    if by ~= 0 then
        redis.call('HINCRBY', head, letter, by)
    end
end

local function delivery_state(head)
    return redis.call('HGET', head, 'state')
end

-- Appends targets. keys: head, parts, chats, states, senders, all deliveries
-- args: id, accounts, language, chats …
ops['delivery_add'] = {
    check = function(keys, k)
        if (delivery_state(keys[k]) or 'frozen') ~= 'frozen' then
            return {'state'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local first, last = a + 3, a + n - 1
        local more = last - first + 1
        local from = tonumber(redis.call('HGET', keys[k], 'total') or '0')
        for i = first, last, 1000 do
            redis.call('RPUSH', keys[k + 2],
                unpack(args, i, math.min(i + 999, last)))
        end
        redis.call('APPEND', keys[k + 3], string.rep('w', more))
        redis.call('APPEND', keys[k + 4], string.rep(' ', more))
        local parts = keys[k + 1]
        local p = tonumber(redis.call('HGET', parts, 'n') or '0') - 1
        local at, size, accounts, lang = delivery_part(parts, p)
        if p < 0 or accounts ~= args[a + 1] or lang ~= args[a + 2] then
            p, at, size = p + 1, from, 0
            redis.call('HSET', parts, 'n', p + 1)
        end
        redis.call('HSET', parts, p, string.format('%d %d %s %s', at,
            size + more, args[a + 1], args[a + 2]))
        redis.call('HINCRBY', parts, 'w:' .. p, more)
        redis.call('HSET', keys[k], 'state', 'frozen', 'total', from + more)
        delivery_count(keys[k], 'w', more)
        redis.call('ZADD', keys[k + 5], 'NX', 0, args[a])
    end
}

-- keys: head, all deliveries, live ones, all other keys of it …; args: id
ops['delivery_drop'] = {
    check = function(keys, k)
        local state = delivery_state(keys[k])
        if state == 'live' or state == 'paused' then
            return {'state'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('ZREM', keys[k + 1], args[a])
        redis.call('ZREM', keys[k + 2], args[a])
        redis.call('DEL', keys[k])
        for i = k + 3, k + 12 do
            redis.call('DEL', keys[i])
        end
    end
}

-- keys: head, live ones, all; args: id, now, and with a report: it, packed,
-- the account that sends it
ops['delivery_begin'] = {
    check = function(keys, k)
        -- Its targets may be added by this same transaction.
        if (delivery_state(keys[k]) or 'frozen') ~= 'frozen' then
            return {'state'}
        end
    end,
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], 'state', 'live', 'begun', args[a + 1])
        if n > 2 then
            redis.call('HSET', keys[k], 'report', args[a + 2], 'from',
                args[a + 3])
        end
        redis.call('ZADD', keys[k + 1], args[a + 1], args[a])
        redis.call('ZADD', keys[k + 2], args[a + 1], args[a])
    end
}

-- Pause, resume, cancel. keys: head, live ones
-- args: id, the state after, the states before …
ops['delivery_turn'] = {
    check = function(keys, k, args, a, n)
        local state = delivery_state(keys[k])
        for i = a + 2, a + n - 1 do
            if state == args[i] then
                return
            end
        end
        return {'state'}
    end,
    apply = function(keys, k, args, a)
        redis.call('HSET', keys[k], 'state', args[a + 1])
        if args[a + 1] == 'live' then
            local begun = redis.call('HGET', keys[k], 'begun')
            redis.call('ZADD', keys[k + 1], begun, args[a])
        end
    end
}

-- Every letter from one to another; gives how many there were.
local function delivery_turn_all(head, states, from, to)
    local letters, n = string.gsub(redis.call('GET', states) or '', from, to)
    if n > 0 then
        redis.call('SET', states, letters, 'KEEPTTL')
        delivery_count(head, from, -n)
        delivery_count(head, to, n)
    end
    return letters, n
end

-- keys: head, live ones, parts, states, chats, senders, reasons
-- args: id, letter
ops['delivery_retry'] = {
    check = function(keys, k, args, a)
        local h = redis.call('HMGET', keys[k], 'state', args[a + 1])
        if h[1] ~= 'live' and h[1] ~= 'paused' and h[1] ~= 'done' then
            return {'state'}
        elseif (h[2] or '0') == '0' then
            return {'not_found'}
        end
    end,
    apply = function(keys, k, args, a)
        local parts = keys[k + 2]
        local letters = delivery_turn_all(keys[k], keys[k + 3], args[a + 1],
            'w')
        for p = 0, redis.call('HGET', parts, 'n') - 1 do
            local from, n = delivery_part(parts, p)
            local _, waiting = string.gsub(
                string.sub(letters, from + 1, from + n), 'w', '')
            redis.call('HSET', parts, 'w:' .. p, waiting, 'next:' .. p, from)
        end
        local h = redis.call('HMGET', keys[k], 'state', 'begun')
        if h[1] == 'done' then
            redis.call('HSET', keys[k], 'state', 'live')
        end
        redis.call('ZADD', keys[k + 1], h[2], args[a])
        for i = k + 2, k + 6 do
            redis.call('PERSIST', keys[i])
        end
    end
}

-- keys: head, live ones, states; args: id, now
ops['delivery_recall'] = {
    check = function(keys, k)
        local state = delivery_state(keys[k])
        if not state or state == 'frozen' or state == 'recalled' then
            return {'state'}
        end
    end,
    apply = function(keys, k, args, a)
        delivery_turn_all(keys[k], keys[k + 2], 'o', 'd')
        redis.call('HSET', keys[k], 'state', 'recalled', 'recall', args[a + 1])
        redis.call('ZADD', keys[k + 1], args[a + 1], args[a])
    end
}

-- Somebody read it. keys: head, chats, readers, visitors, reads, hours
-- args: index, rider or '', visitor, the hour
ops['delivery_read'] = {
    check = function(keys, k, args, a)
        local total = redis.call('HGET', keys[k], 'total')
        if not total or tonumber(args[a]) >= tonumber(total) then
            return {'not_found'}
        end
    end,
    apply = function(keys, k, args, a)
        local new
        if args[a + 1] ~= '' then
            new = redis.call('SADD', keys[k + 2], args[a + 1])
        else
            new = redis.call('PFADD', keys[k + 3],
                args[a] .. ':' .. args[a + 2])
        end
        if new == 0 then
            return
        end
        if redis.call('HINCRBY', keys[k + 4], args[a], 1) == 1 then
            delivery_count(keys[k], 'read', 1)
            local chat = redis.call('LINDEX', keys[k + 1], args[a])
            if chat and chat ~= '' then
                redis.call('SADD', keys[k + 2], chat)
            end
        end
        redis.call('HINCRBY', keys[k + 5], args[a + 3], 1)
        redis.call('PEXPIRE', keys[k + 2], delivery_kept_ms)
        redis.call('PEXPIRE', keys[k + 3], delivery_kept_ms)
    end
}

-- keys: for each delivery its chats, its readers; last: what was pushed
-- args: rider, chat, how many deliveries
ops['delivery_forget'] = {
    apply = function(keys, k, args, a)
        local n = tonumber(args[a + 2])
        for i = 0, n - 1 do
            local chats, readers = keys[k + 2 * i], keys[k + 2 * i + 1]
            redis.call('SREM', readers, args[a], args[a + 1])
            for _, at in ipairs(redis.call('LPOS', chats, args[a + 1],
                'COUNT', 0)) do
                redis.call('LSET', chats, at, '')
            end
        end
        redis.call('HDEL', keys[k + 2 * n], args[a + 1])
    end
}
