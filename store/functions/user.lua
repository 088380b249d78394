-- A user as a whole, under the version that the writer has read.
-- keys: user, users; args: version, name, how many there may be, then fields
ops['user_put'] = {
    check = function(keys, k, args, a)
        local version = redis.call('HGET', keys[k], 'v') or '0'
        if version ~= args[a] then
            return {'conflict'}
        end
        if version == '0' and
            redis.call('SCARD', keys[k + 1]) >= tonumber(args[a + 2]) then
            return {'limit'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local version = string.format('%.0f', tonumber(args[a]) + 1)
        redis.call('HSET', keys[k], 'v', version,
            unpack(args, a + 3, a + n - 1))
        redis.call('SADD', keys[k + 1], args[a + 1])
    end
}

-- keys: user, users; args: version, name
ops['user_remove'] = {
    check = function(keys, k, args, a)
        local version = redis.call('HGET', keys[k], 'v') or '0'
        if version == '0' or version ~= args[a] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('DEL', keys[k])
        redis.call('SREM', keys[k + 1], args[a + 1])
    end
}

-- keys: session; args: ttl_ms, then fields
ops['session_put'] = {
    apply = function(keys, k, args, a, n)
        redis.call('DEL', keys[k])
        redis.call('HSET', keys[k], unpack(args, a + 1, a + n - 1))
        redis.call('PEXPIRE', keys[k], args[a])
    end
}

-- keys: session; args: ttl_ms
ops['session_touch'] = {
    apply = function(keys, k, args, a)
        redis.call('PEXPIRE', keys[k], args[a])
    end
}

-- keys: session
ops['session_remove'] = {
    apply = function(keys, k)
        redis.call('DEL', keys[k])
    end
}

-- keys: token, tokens; args: id, how many there may be, then fields
ops['api_token_put'] = {
    check = function(keys, k, args, a)
        if redis.call('EXISTS', keys[k]) == 1 then
            return {'conflict'}
        end
        if redis.call('SCARD', keys[k + 1]) >= tonumber(args[a + 1]) then
            return {'limit'}
        end
    end,
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], unpack(args, a + 2, a + n - 1))
        redis.call('SADD', keys[k + 1], args[a])
    end
}

-- keys: token, tokens; args: id
ops['api_token_remove'] = {
    check = function(keys, k)
        if redis.call('EXISTS', keys[k]) == 0 then
            return {'not_found'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('DEL', keys[k])
        redis.call('SREM', keys[k + 1], args[a])
    end
}

-- A request under a key of its caller's is claimed before it runs; asked again,
-- what became of it. keys: claim; args: ttl_ms, hash of the request
ops['claim_take'] = {
    check = function(keys, k, args, a)
        local claim = redis.call('HMGET', keys[k], 'hash', 'state', 'answer')
        if claim[1] then
            return {'duplicate', claim[1] .. ' ' .. claim[2] .. ' ' ..
                (claim[3] or '')}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('HSET', keys[k], 'hash', args[a + 1], 'state', 'running')
        redis.call('PEXPIRE', keys[k], args[a])
    end
}

-- What it was to do has happened, or its answer is known as well.
-- keys: claim; args: ttl_ms, hash, state, answer
ops['claim_set'] = {
    apply = function(keys, k, args, a)
        redis.call('HSET', keys[k], 'hash', args[a + 1], 'state', args[a + 2],
            'answer', args[a + 3])
        redis.call('PEXPIRE', keys[k], args[a])
    end
}

-- Nothing has happened: it may be tried again. keys: claim
ops['claim_drop'] = {
    apply = function(keys, k)
        redis.call('DEL', keys[k])
    end
}
