-- When a broadcast fires next; the record itself is written by record_put.
-- keys: planned; args: id, ms or ''
ops['broadcast_plan'] = {
    apply = function(keys, k, args, a)
        if args[a + 1] == '' then
            redis.call('ZREM', keys[k], args[a])
        else
            redis.call('ZADD', keys[k], args[a + 1], args[a])
        end
    end
}
