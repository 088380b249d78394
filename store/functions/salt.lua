-- The salt of a day: the first that comes with one makes it.

-- keys: salt; args: a new one, ms until the day ends
ops['salt_take'] = {
    apply = function(keys, k, args, a)
        redis.call('SET', keys[k], args[a], 'NX', 'PX', args[a + 1])
        return redis.call('GET', keys[k])
    end
}
