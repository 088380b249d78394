-- What was answered to messages, forgotten before its time.
-- keys: seen …; args: how many
ops['seen_empty'] = {
    apply = function(keys, k, args, a)
        for i = k, k + args[a] - 1 do
            redis.call('SET', keys[i], '', 'XX', 'KEEPTTL')
        end
    end
}
