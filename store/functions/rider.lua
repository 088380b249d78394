-- Fields of a rider, under the version that the writer has read. Without any
-- only the version is compared.
-- keys: rider; args: version, then name, value, … ('' removes the field)
ops['rider'] = {
    check = function(keys, k, args, a)
        local version = redis.call('HGET', keys[k], 'v') or '0'
        if version ~= args[a] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a, n)
        if n == 1 then
            return
        end
        local set, del = {'v', tonumber(args[a]) + 1}, {}
        for i = a + 1, a + n - 1, 2 do
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
    end
}

-- Forgets a rider. keys: rider, the rider's tickets; args: version
ops['rider_erase'] = {
    check = function(keys, k, args, a)
        local version = redis.call('HGET', keys[k], 'v') or '0'
        if version ~= args[a] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k)
        redis.call('DEL', keys[k], keys[k + 1])
    end
}
