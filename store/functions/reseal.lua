-- A sealed value that is still as it was read, sealed anew.
-- keys: hash; args: field, as it was, as it will be
ops['reseal_field'] = {
    check = function(keys, k, args, a)
        if redis.call('HGET', keys[k], args[a]) ~= args[a + 1] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('HSET', keys[k], args[a], args[a + 2])
    end
}

-- keys: list; args: index, as it was, as it will be
ops['reseal_entry'] = {
    check = function(keys, k, args, a)
        if redis.call('LINDEX', keys[k], args[a]) ~= args[a + 1] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('LSET', keys[k], args[a], args[a + 2])
    end
}
