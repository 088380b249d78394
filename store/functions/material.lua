-- Materials: which state each is in, which entries of feeds they came from, and
-- what a rider has read.

-- keys: the list of each state; args: id, its state (0: none, it is gone), when
-- it was published
ops['material_place'] = {
    apply = function(keys, k, args, a)
        local id, state = args[a], tonumber(args[a + 1])
        for i = 1, 3 do
            if i == state then
                redis.call('ZADD', keys[k + i - 1], args[a + 2], id)
            else
                redis.call('ZREM', keys[k + i - 1], id)
            end
        end
    end
}

-- An entry of a feed, unless it is known by one of its hashes. Those that a feed
-- still has stay known. keys: record, its kind, the new ones, what is known
-- args: hash of guid or '', of link or '', now, most known, id, when it was
--       published, names and values …
ops['material_import'] = {
    check = function(keys, k)
        if redis.call('EXISTS', keys[k]) == 1 then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local heard, now, known = keys[k + 3], args[a + 2], false
        for i = a, a + 1 do
            if args[i] ~= '' then
                known = redis.call('ZSCORE', heard, args[i]) or known
            end
        end
        for i = a, a + 1 do
            if args[i] ~= '' then
                redis.call('ZADD', heard, now, args[i])
            end
        end
        redis.call('ZREMRANGEBYRANK', heard, 0, -1 - tonumber(args[a + 3]))
        if known then
            return '0'
        end
        local id, order = args[a + 4], args[a + 5]
        redis.call('HSET', keys[k], 'v', 1, 'order', order,
            unpack(args, a + 6, a + n - 1))
        redis.call('ZADD', keys[k + 1], order, id)
        redis.call('ZADD', keys[k + 2], order, id)
        return '1'
    end
}

-- Those known stay known. keys: what is known; args: now, hashes or '' …
ops['material_keep'] = {
    apply = function(keys, k, args, a, n)
        for i = a + 1, a + n - 1 do
            if args[i] ~= '' then
                redis.call('ZADD', keys[k], 'XX', args[a], args[i])
            end
        end
    end
}

-- keys: what a rider has read, the record of a material; args: its id, now, most
-- kept
ops['learning_add'] = {
    apply = function(keys, k, args, a)
        local new = redis.call('ZADD', keys[k], 'NX', args[a + 1], args[a])
        if new == 1 and redis.call('EXISTS', keys[k + 1]) == 1 then
            redis.call('HINCRBY', keys[k + 1], 'reads', 1)
        end
        redis.call('ZREMRANGEBYRANK', keys[k], 0, -1 - tonumber(args[a + 2]))
        return tostring(new)
    end
}

-- keys: what a rider has read
ops['learning_forget'] = {
    apply = function(keys, k)
        redis.call('DEL', keys[k])
    end
}
