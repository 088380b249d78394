-- Requests and reports. A ticket is a hash with its version in 'v'; tickets
-- that wait for staff are in the sorted set 'open', by time of creation.

-- keys: ticket, open, the rider's tickets; args: id, created_ms, fields …
ops['ticket_create'] = {
    check = function(keys, k)
        if redis.call('EXISTS', keys[k]) == 1 then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], 'v', 1, unpack(args, a + 1, a + n - 1))
        redis.call('ZADD', keys[k + 1], args[a + 2], args[a])
        redis.call('ZADD', keys[k + 2], args[a + 2], args[a])
    end
}

-- Changes a ticket that is still as the writer has read it.
-- keys: ticket, open, log
-- args: id, version, open ('1' joins the queue, '0' leaves it, '' as it is),
--       created_ms, log entry ('' none), most log entries, fields …
ops['ticket_change'] = {
    check = function(keys, k, args, a)
        local version = redis.call('HGET', keys[k], 'v')
        if not version then
            return {'not_found'}
        end
        if version ~= args[a + 1] then
            return {'conflict'}
        end
        if args[a + 4] ~= '' and
            redis.call('LLEN', keys[k + 2]) >= tonumber(args[a + 5]) then
            return {'limit'}
        end
    end,
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], 'v', tonumber(args[a + 1]) + 1,
            unpack(args, a + 6, a + n - 1))
        if args[a + 2] == '1' then
            redis.call('ZADD', keys[k + 1], args[a + 3], args[a])
        elseif args[a + 2] == '0' then
            redis.call('ZREM', keys[k + 1], args[a])
        end
        if args[a + 4] ~= '' then
            redis.call('RPUSH', keys[k + 2], args[a + 4])
        end
    end
}

-- Takes everything personal out of a ticket; that it existed remains, for the
-- numbers. keys: ticket, open, log; args: id, erased_ms
ops['ticket_erase'] = {
    apply = function(keys, k, args, a)
        if redis.call('EXISTS', keys[k]) == 1 then
            redis.call('HDEL', keys[k], 'rider', 'account', 'chat', 'text',
                'photos', 'place', 'lat', 'lon', 'nick', 'group')
            redis.call('HSET', keys[k], 'state', 'erased', 'updated',
                args[a + 1])
            redis.call('HINCRBY', keys[k], 'v', 1)
        end
        redis.call('ZREM', keys[k + 1], args[a])
        redis.call('DEL', keys[k + 2])
    end
}
