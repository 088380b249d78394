-- Who is reached by broadcasts follows a stream of whose attributes have
-- changed: 'r' a rider, 'g' a group.
-- keys: people; args: how many are kept, rider id
ops['people'] = {
    apply = function(keys, k, args, a)
        redis.call('XADD', keys[k], 'MAXLEN', '~', args[a], '*', 'r',
            args[a + 1])
    end
}
