-- Who is reached by broadcasts follows a stream of whose attributes have
-- changed: 'r' a rider, 's' a rider whose id is sealed, 'g' a group.
-- keys: people; args: how many are kept, kind, id
ops['people'] = {
    apply = function(keys, k, args, a)
        redis.call('XADD', keys[k], 'MAXLEN', '~', args[a], '*', args[a + 1],
            args[a + 2])
    end
}

-- keys: people; args: those of before this ms go, but the last
ops['people_trim'] = {
    apply = function(keys, k, args, a)
        local last = redis.call('XREVRANGE', keys[k], '+', '-', 'COUNT', 1)[1]
        if last == nil then
            return
        end
        local first = args[a] .. '-0'
        if tonumber(string.match(last[1], '^%d+')) < tonumber(args[a]) then
            first = last[1]
        end
        redis.call('XTRIM', keys[k], 'MINID', first)
    end
}
