-- A record: the fields of one thing under a version, and its place in the list
-- of its kind.

local function record_expects(keys, k, args, a)
    local version = redis.call('HGET', keys[k], 'v') or '0'
    if version ~= args[a] then
        return {'conflict'}
    end
end

-- keys: record, its kind; args: version, id, order, names and values …
ops['record_put'] = {
    check = record_expects,
    apply = function(keys, k, args, a, n)
        local set, gone = {}, {}
        for i = a + 3, a + n - 1, 2 do
            if args[i + 1] == '' then
                gone[#gone + 1] = args[i]
            else
                set[#set + 1] = args[i]
                set[#set + 1] = args[i + 1]
            end
        end
        redis.call('HINCRBY', keys[k], 'v', 1)
        redis.call('HSET', keys[k], 'order', args[a + 2], unpack(set))
        if #gone > 0 then
            redis.call('HDEL', keys[k], unpack(gone))
        end
        redis.call('ZADD', keys[k + 1], args[a + 2], args[a + 1])
    end
}

-- keys: record, its kind; args: version, id
ops['record_remove'] = {
    check = record_expects,
    apply = function(keys, k, args, a)
        redis.call('DEL', keys[k])
        redis.call('ZREM', keys[k + 1], args[a + 1])
    end
}

-- keys: record; args: version
ops['record_expect'] = {
    check = record_expects,
    apply = function() end
}
