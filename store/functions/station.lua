-- Stations, any number of them. keys: stations, station …; args: how many a
-- district may have, then for each: id, lon, lat, name, address, hours, offers
local STATION_ARGS = 7

ops['station_set'] = {
    check = function(keys, k, args, a, n)
        local total = redis.call('ZCARD', keys[k])
        for at = a + 1, a + n - 1, STATION_ARGS do
            if not redis.call('ZSCORE', keys[k], args[at]) then
                total = total + 1
            end
        end
        if total > tonumber(args[a]) then
            return {'limit'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local station = k
        for at = a + 1, a + n - 1, STATION_ARGS do
            station = station + 1
            redis.call('GEOADD', keys[k], args[at + 1], args[at + 2], args[at])
            redis.call('HSET', keys[station], 'lon', args[at + 1],
                'lat', args[at + 2], 'name', args[at + 3],
                'address', args[at + 4], 'hours', args[at + 5],
                'offers', args[at + 6])
        end
    end
}

-- keys: stations, station; args: id
ops['station_remove'] = {
    check = function(keys, k, args, a)
        if not redis.call('ZSCORE', keys[k], args[a]) then
            return {'not_found'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('ZREM', keys[k], args[a])
        redis.call('DEL', keys[k + 1])
    end
}
