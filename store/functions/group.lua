-- Groups the bot is in. keys: group, groups; args: id, fields …
ops['group_set'] = {
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], unpack(args, a + 1, a + n - 1))
        redis.call('SADD', keys[k + 1], args[a])
    end
}

-- One-time codes and links, kept under the hash of their token.
-- keys: code; args: ttl_ms, fields …
ops['code_create'] = {
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], unpack(args, a + 1, a + n - 1))
        redis.call('PEXPIRE', keys[k], args[a])
    end
}

-- keys: code
ops['code_take'] = {
    check = function(keys, k)
        if redis.call('EXISTS', keys[k]) == 0 then
            return {'not_found'}
        end
    end,
    apply = function(keys, k)
        redis.call('DEL', keys[k])
    end
}
