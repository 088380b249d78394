-- The bot's own chat accounts: records of the kind "account", which processes
-- change without asking what they were.

-- keys: record, its kind; args: id, online, now
ops['account_sign'] = {
    apply = function(keys, k, args, a)
        if redis.call('HGET', keys[k], 'online') ~= args[a + 1] then
            redis.call('HSET', keys[k], 'online', args[a + 1], 'since',
                args[a + 2])
            redis.call('HINCRBY', keys[k], 'v', 1)
        end
        redis.call('HSET', keys[k], 'sign', args[a + 2])
        redis.call('ZADD', keys[k + 1], 'NX', args[a + 2], args[a])
    end
}

-- keys: record, its kind; args: id, names and values …
ops['account_set'] = {
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], unpack(args, a + 1, a + n - 1))
        redis.call('HINCRBY', keys[k], 'v', 1)
        redis.call('ZADD', keys[k + 1], 'NX', 0, args[a])
    end
}

-- keys: record, its kind; args: id, now
ops['account_unpark'] = {
    check = function(keys, k)
        local h = redis.call('HMGET', keys[k], 'v', 'parked', 'rate')
        if not h[1] then
            return {'not_found'}
        elseif not h[2] and (h[3] or '1000') == '1000' then
            return {'state'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('HDEL', keys[k], 'parked', 'rate', 'rest', 'reason')
        redis.call('HSET', keys[k], 'since', args[a + 1])
        redis.call('HINCRBY', keys[k], 'v', 1)
    end
}
