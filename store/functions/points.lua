-- Points: what leaves one account comes to another, so that all balances
-- together are always nothing. keys: points, ledger
-- args: from, to, how many, why (a ticket, say)
ops['points_post'] = {
    apply = function(keys, k, args, a)
        redis.call('HINCRBY', keys[k], args[a], -args[a + 2])
        redis.call('HINCRBY', keys[k], args[a + 1], args[a + 2])
        redis.call('XADD', keys[k + 1], '*', 'from', args[a],
            'to', args[a + 1], 'n', args[a + 2], 'why', args[a + 3])
    end
}
