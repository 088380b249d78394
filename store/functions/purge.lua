-- A ticket that ended before a time and has not come back since.
-- keys: ended; args: id, before_ms
ops['ticket_ended'] = {
    check = function(keys, k, args, a)
        local ms = redis.call('ZSCORE', keys[k], args[a])
        if not ms or tonumber(ms) >= tonumber(args[a + 1]) then
            return {'conflict'}
        end
    end,
    apply = function() end
}

-- No longer among those of a rider. keys: the rider's tickets; args: id
ops['ticket_unlist'] = {
    apply = function(keys, k, args, a)
        redis.call('ZREM', keys[k], args[a])
    end
}
