-- A broadcast: one text for many groups. For each account that sends there is
-- a list of its chats and, beside it, a string of one letter a chat:
--   w waiting, s being sent, o sent, r refused, u unknown
-- A chat is marked 's' before it is tried, so that after a crash it is known
-- which may have been delivered: those become 'u' and are never tried again
-- without a person's word.

-- keys: broadcast; args: fields …
ops['push_create'] = {
    check = function(keys, k)
        if redis.call('EXISTS', keys[k]) == 1 then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], 'sent', 0, 'refused', 0, 'unknown', 0,
            unpack(args, a, a + n - 1))
    end
}

-- The part of one account. keys: list, states, the account's broadcasts
-- args: broadcast id, created_ms, chats …
ops['push_part'] = {
    apply = function(keys, k, args, a, n)
        local first, last = a + 2, a + n - 1
        for i = first, last, 1000 do
            redis.call('RPUSH', keys[k],
                unpack(args, i, math.min(i + 999, last)))
        end
        redis.call('SET', keys[k + 1], string.rep('w', last - first + 1))
        redis.call('ZADD', keys[k + 2], args[a + 1], args[a])
    end
}

-- Takes the next chats to send to: gives '<first index>' and then the chats.
-- keys: list, states; args: how many, cursor of the last take
ops['push_take'] = {
    check = function(keys, k, args, a)
        -- Chats up to the cursor are taken; a twin that took them wins.
        local at = tonumber(args[a + 1])
        local state = redis.call('GETRANGE', keys[k + 1], at, at)
        if state ~= 'w' and state ~= '' then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        local at = tonumber(args[a + 1])
        local chats = redis.call('LRANGE', keys[k], at, at + args[a] - 1)
        if #chats > 0 then
            redis.call('SETRANGE', keys[k + 1], at, string.rep('s', #chats))
        end
        return chats
    end
}

-- Outcomes of sends. When the last chat of the broadcast has one, it is done
-- and whoever ordered it gets the figures as a notice.
-- keys: broadcast, states, the account's broadcasts, list, organiser's outbox
-- args: broadcast id, then the index of a chat, the letters from it on, …
ops['push_outcome'] = {
    apply = function(keys, k, args, a, n)
        local word = {o = 'sent', r = 'refused', u = 'unknown'}
        local count = {o = 0, r = 0, u = 0}
        for i = a + 1, a + n - 1, 2 do
            local at, letters = tonumber(args[i]), args[i + 1]
            local states = redis.call('GETRANGE', keys[k + 1], at,
                at + #letters - 1)
            local after = {}
            for j = 1, #letters do
                local state, letter = states:sub(j, j), letters:sub(j, j)
                if state == 's' then
                    count[letter] = count[letter] + 1
                    state = letter
                end
                after[j] = state
            end
            redis.call('SETRANGE', keys[k + 1], at, table.concat(after))
        end
        for letter, by in pairs(count) do
            if by > 0 then
                redis.call('HINCRBY', keys[k], word[letter], by)
            end
        end
        -- Chats are taken in order: while the last one waits, all need not
        -- be looked at.
        if redis.call('GETRANGE', keys[k + 1], -1, -1) ~= 'w' then
            local states = redis.call('GET', keys[k + 1]) or ''
            if not string.find(states, '[ws]') then
                redis.call('ZREM', keys[k + 2], args[a])
            end
        end
        local b = redis.call('HMGET', keys[k], 'total', 'sent', 'refused',
            'unknown', 'report', 'done')
        if not b[6] and tonumber(b[2]) + tonumber(b[3]) + tonumber(b[4]) >=
            tonumber(b[1]) then
            redis.call('HSET', keys[k], 'done', 1)
            redis.call('XADD', keys[k + 4], '*', 'n', table.concat({b[5],
                'total', b[1], 'sent', b[2], 'refused', b[3],
                'unknown', b[4]}, '\31'))
        end
    end
}
