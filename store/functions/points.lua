-- Points: what leaves one account comes to another, so that all balances
-- together are always nothing. An account knows its last postings as
-- "<id in the ledger> <points> <why>", latest first.

local function remember(list, most, id, points, why)
    redis.call('LPUSH', list, id .. ' ' .. points .. ' ' .. why)
    redis.call('LTRIM', list, 0, most - 1)
end

-- keys: points, ledger, the postings of from, those of to
-- args: from, to, how many, why (a ticket, say), most postings kept; from or to
--       may be 'issued', which has none
ops['points_post'] = {
    apply = function(keys, k, args, a)
        local from, to, n, why = args[a], args[a + 1], args[a + 2], args[a + 3]
        redis.call('HINCRBY', keys[k], from, -n)
        redis.call('HINCRBY', keys[k], to, n)
        local id = redis.call('XADD', keys[k + 1], '*', 'from', from,
            'to', to, 'n', n, 'why', why)
        if from ~= 'issued' then
            remember(keys[k + 2], args[a + 4], id, -n, why)
        end
        if to ~= 'issued' then
            remember(keys[k + 3], args[a + 4], id, n, why)
        end
    end
}

-- As points_post, unless the rider had points for that before; gives whether it
-- was posted. keys: as points_post, what was earned; args: as points_post
ops['points_once'] = {
    apply = function(keys, k, args, a)
        local new = redis.call('SADD', keys[k + 4], args[a + 3])
        if new == 1 then
            ops['points_post'].apply(keys, k, args, a)
        end
        return tostring(new)
    end
}

-- Takes an account out of the book: its balance goes back to where points come
-- from, and what was posted between the two is no more. Whatever the ledger
-- still has of it then is posted back there. keys: points, ledger, the postings, what was earned
-- args: account
ops['points_forget'] = {
    apply = function(keys, k, args, a)
        local left = tonumber(redis.call('HGET', keys[k], args[a]) or '0')
        for _, posting in ipairs(redis.call('LRANGE', keys[k + 2], 0, -1)) do
            local id, n = string.match(posting, '^(%S+) (%S+)')
            local entry = id and redis.call('XRANGE', keys[k + 1], id, id)[1]
            local f = entry and entry[2]
            if f and (f[2] == 'issued' or f[4] == 'issued') then
                redis.call('XDEL', keys[k + 1], id)
                redis.call('HINCRBY', keys[k], 'issued', n)
                left = left - n
            end
        end
        if left ~= 0 then
            redis.call('HINCRBY', keys[k], 'issued', left)
            redis.call('XADD', keys[k + 1], '*', 'from', args[a], 'to',
                'issued', 'n', left, 'why', 'forget')
        end
        redis.call('HDEL', keys[k], args[a])
        redis.call('DEL', keys[k + 2], keys[k + 3])
    end
}
