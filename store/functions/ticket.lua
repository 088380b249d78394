-- Requests and reports. A ticket is a hash with its version in 'v'. Those that
-- are somebody's turn are in the sorted set 'open' by time of creation, the
-- others in 'ended' by time of their end; 'due' has the next clock of each.

-- keys: ticket, open, due, the rider's tickets
-- args: id, created_ms, due_ms or '0', fields …
ops['ticket_create'] = {
    check = function(keys, k)
        if redis.call('EXISTS', keys[k]) == 1 then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], 'v', 1, 'created', args[a + 1],
            unpack(args, a + 3, a + n - 1))
        redis.call('ZADD', keys[k + 1], args[a + 1], args[a])
        if args[a + 2] ~= '0' then
            redis.call('ZADD', keys[k + 2], args[a + 2], args[a])
        end
        redis.call('ZADD', keys[k + 3], args[a + 1], args[a])
    end
}

-- One that others may find as theirs. keys: near; args: id, ms, ttl_ms
ops['ticket_near'] = {
    apply = function(keys, k, args, a)
        redis.call('ZADD', keys[k], args[a + 1], args[a])
        redis.call('PEXPIRE', keys[k], args[a + 2])
    end
}

-- Changes a ticket that is still as the writer has read it.
-- keys: ticket, open, ended, due, log
-- args: id, version, queue ('open' or 'ended' when it moves there, else ''),
--       its score there, due_ms ('' as it is, '0' none), log entry ('' none),
--       most log entries, then name, value, … ('' removes the field)
ops['ticket_change'] = {
    check = function(keys, k, args, a)
        local version = redis.call('HGET', keys[k], 'v')
        if not version then
            return {'not_found'}
        end
        if version ~= args[a + 1] then
            return {'conflict'}
        end
        if args[a + 5] ~= '' and
            redis.call('LLEN', keys[k + 4]) >= tonumber(args[a + 6]) then
            return {'limit'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local id, queue, due = args[a], args[a + 2], args[a + 4]
        local set, del = {'v', tonumber(args[a + 1]) + 1}, {}
        for i = a + 7, a + n - 1, 2 do
            if args[i + 1] == '' then
                del[#del + 1] = args[i]
            else
                set[#set + 1] = args[i]
                set[#set + 1] = args[i + 1]
            end
        end
        redis.call('HSET', keys[k], unpack(set))
        if #del > 0 then
            redis.call('HDEL', keys[k], unpack(del))
        end
        if queue == 'open' then
            redis.call('ZADD', keys[k + 1], args[a + 3], id)
            redis.call('ZREM', keys[k + 2], id)
        elseif queue == 'ended' then
            redis.call('ZREM', keys[k + 1], id)
            redis.call('ZADD', keys[k + 2], args[a + 3], id)
        end
        if due == '0' then
            redis.call('ZREM', keys[k + 3], id)
        elseif due ~= '' then
            redis.call('ZADD', keys[k + 3], due, id)
        end
        if args[a + 5] ~= '' then
            redis.call('RPUSH', keys[k + 4], args[a + 5])
        end
    end
}

-- A ticket among those of a rider who follows it. keys: the rider's tickets
-- args: id, ms
ops['ticket_followed'] = {
    apply = function(keys, k, args, a)
        redis.call('ZADD', keys[k], args[a + 1], args[a])
    end
}

-- Sealed texts again, by another key. keys: ticket, log, notes
-- args: version, private, how many log entries, log entries …, notes …
ops['ticket_reseal'] = {
    check = function(keys, k, args, a, n)
        local logged, noted = tonumber(args[a + 2]), n - 3 - args[a + 2]
        if redis.call('HGET', keys[k], 'v') ~= args[a] or
            redis.call('LLEN', keys[k + 1]) ~= logged or
            redis.call('LLEN', keys[k + 2]) ~= noted then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local logged = tonumber(args[a + 2])
        redis.call('HSET', keys[k], 'private', args[a + 1])
        for i = 1, n - 3 do
            local note = i > logged
            redis.call('LSET', note and keys[k + 2] or keys[k + 1],
                note and i - logged - 1 or i - 1, args[a + 2 + i])
        end
    end
}

-- Takes everything personal out of a ticket; that it existed remains, for the
-- numbers. keys: ticket, open, ended, erased, due, log, notes
-- args: id, erased_ms
ops['ticket_erase'] = {
    apply = function(keys, k, args, a)
        if redis.call('EXISTS', keys[k]) == 1 then
            redis.call('HDEL', keys[k], 'rider', 'account', 'chat', 'private',
                'text', 'photos', 'after', 'place', 'lat', 'lon', 'nick',
                'group', 'followers', 'due', 'duewhat')
            redis.call('HSET', keys[k], 'state', 'erased', 'updated',
                args[a + 1])
            redis.call('HINCRBY', keys[k], 'v', 1)
            redis.call('ZADD', keys[k + 3], args[a + 1], args[a])
        end
        redis.call('ZREM', keys[k + 1], args[a])
        redis.call('ZREM', keys[k + 2], args[a])
        redis.call('ZREM', keys[k + 4], args[a])
        redis.call('DEL', keys[k + 5], keys[k + 6])
    end
}
