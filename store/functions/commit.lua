#!lua name=xiaofeng@VERSION
-- The only writer of the store. A transaction is a list of operations; all of
-- them are checked before the first is applied, so it happens as a whole or
-- not at all. Every key an operation touches is among KEYS (a Redis Cluster
-- then refuses a moved slot before anything was written).
--
-- ARGV is, for each operation: its name, its size, its arguments. Its size is
-- the number of its keys times 100000 and the number of its arguments. An
-- operation is a table of
--   check(keys, k, args, a, n)  nil, or why not: {'conflict'}; writes nothing
--   apply(keys, k, args, a, n)  may return one string or number for the caller
-- where keys[k] is its first key and args[a] .. args[a + n - 1] are its own.

local ops = {}

local function commit(keys, args)
    local last = #args
    local k, a = 1, 1
    while a <= last do
        local op, size = ops[args[a]], tonumber(args[a + 1])
        local n = size % 100000
        if op == nil then
            return redis.error_reply('no operation ' .. args[a])
        end
        if op.check then
            local no = op.check(keys, k, args, a + 2, n)
            if no then
                return no
            end
        end
        k = k + (size - n) / 100000
        a = a + 2 + n
    end

    local values = {'ok'}
    k, a = 1, 1
    while a <= last do
        local size = tonumber(args[a + 1])
        local n = size % 100000
        local value = ops[args[a]].apply(keys, k, args, a + 2, n)
        if value ~= nil then
            values[#values + 1] = value
        end
        k = k + (size - n) / 100000
        a = a + 2 + n
    end
    return values
end

redis.register_function('commit@VERSION', commit)

-- A message is committed once, and what it was answered is kept with it and
-- goes to the outbox. keys: seen, outbox; args: ttl_ms, answer (a packed notice)
-- Without an answer, keys: seen; args: ttl_ms
ops['seen'] = {
    check = function(keys, k)
        local answer = redis.call('GET', keys[k])
        if answer then
            return {'duplicate', answer}
        end
    end,
    apply = function(keys, k, args, a, n)
        local answer = n > 1 and args[a + 1] or ''
        redis.call('SET', keys[k], answer, 'PX', args[a])
        if n > 1 then
            return redis.call('XADD', keys[k + 1], '*', 'n', answer)
        end
    end
}

-- A notice for the outbox of one account. keys: outbox; args: packed notice
ops['notice'] = {
    apply = function(keys, k, args, a)
        return redis.call('XADD', keys[k], '*', 'n', args[a])
    end
}

-- Notices that have left or never will. keys: outbox; args: their ids
ops['notice_close'] = {
    apply = function(keys, k, args, a, n)
        redis.call('XDEL', keys[k], unpack(args, a, a + n - 1))
    end
}

-- keys: audit; args: actor, action, subject, detail
ops['audit'] = {
    apply = function(keys, k, args, a)
        redis.call('XADD', keys[k], '*', 'who', args[a], 'did', args[a + 1],
            'what', args[a + 2], 'how', args[a + 3])
    end
}

-- A block of numbers for new things. keys: counter; args: how many
ops['number_reserve'] = {
    apply = function(keys, k, args, a)
        return redis.call('INCRBY', keys[k], args[a])
    end
}

-- Gives the unused end of a block back, when nobody has reserved behind it.
-- keys: counter; args: end of the block, how many
ops['number_return'] = {
    check = function(keys, k, args, a)
        if redis.call('GET', keys[k]) ~= args[a] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('DECRBY', keys[k], args[a + 1])
    end
}
