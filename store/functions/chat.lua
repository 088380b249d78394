-- The web chat: its members, by the hash of their token, and the last messages
-- of each chat as a stream.

-- A member comes, or changes. keys: member
-- args: ttl_ms, hash of the token, then name, value, …
ops['chat_member'] = {
    check = function(keys, k, args, a)
        local hash = redis.call('HGET', keys[k], 'hash')
        if hash and hash ~= args[a + 1] then
            return {'denied'}
        end
    end,
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], 'hash', unpack(args, a + 1, a + n - 1))
        redis.call('PEXPIRE', keys[k], args[a])
    end
}

-- keys: member; args: nick
ops['chat_rename'] = {
    check = function(keys, k)
        if redis.call('EXISTS', keys[k]) == 0 then
            return {'not_found'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call('HSET', keys[k], 'nick', args[a])
    end
}

local function chat_add(key, args, a, first, n)
    local id = redis.call('XADD', key, 'MAXLEN', '~', args[a], '*',
        unpack(args, first, a + n - 1))
    local since = tonumber(string.match(id, '^%d+')) - tonumber(args[a + 1])
    redis.call('XTRIM', key, 'MINID', string.format('%.0f', since))
    redis.call('PEXPIRE', key, args[a + 1])
    return id
end

-- A member writes. The ids of the last messages are kept with the member, since
-- the page sends again what it is not sure of.
-- keys: chat, member; args: most messages, ttl_ms, message id, fields …
ops['chat_say'] = {
    check = function(keys, k, args, a)
        local m = redis.call('HMGET', keys[k + 1], 'hash', 'ids')
        if not m[1] then
            return {'not_found'}
        end
        if string.find(m[2] or '', ' ' .. args[a + 2] .. ' ', 1, true) then
            return {'state'}
        end
    end,
    apply = function(keys, k, args, a, n)
        local ids = redis.call('HGET', keys[k + 1], 'ids') or ' '
        ids = ids .. args[a + 2] .. ' '
        if #ids > 400 then
            ids = string.sub(ids, -400)
            ids = string.sub(ids, string.find(ids, ' ', 1, true), -1)
        end
        redis.call('HSET', keys[k + 1], 'ids', ids)
        return chat_add(keys[k], args, a, a + 3, n)
    end
}

-- The bot writes. An answer that was kept, while the word of it was lost, comes
-- again: it is known by the message it answers.
-- keys: chat; args: most messages, ttl_ms, answered id, text, fields …
ops['chat_answer'] = {
    check = function(keys, k, args, a)
        if args[a + 2] == '' then
            return
        end
        local last = redis.call('XREVRANGE', keys[k], '+', '-', 'COUNT', 10)
        for _, entry in ipairs(last) do
            local q, t
            for i = 1, #entry[2], 2 do
                if entry[2][i] == 'q' then
                    q = entry[2][i + 1]
                elseif entry[2][i] == 't' then
                    t = entry[2][i + 1]
                end
            end
            if q == args[a + 2] and t == args[a + 3] then
                return {'state'}
            end
        end
    end,
    apply = function(keys, k, args, a, n)
        return chat_add(keys[k], args, a, a + 4, n)
    end
}

-- keys: chat; args: id of the entry
ops['chat_recall'] = {
    apply = function(keys, k, args, a)
        redis.call('XDEL', keys[k], args[a])
    end
}

-- keys: member, private chat, groups …; args: member's id, how many groups
ops['chat_forget'] = {
    apply = function(keys, k, args, a)
        redis.call('DEL', keys[k], keys[k + 1])
        for g = k + 2, k + 1 + tonumber(args[a + 1]) do
            for _, entry in ipairs(redis.call('XRANGE', keys[g], '-', '+')) do
                for i = 1, #entry[2], 2 do
                    if entry[2][i] == 'f' and entry[2][i + 1] == args[a] then
                        redis.call('XDEL', keys[g], entry[1])
                    end
                end
            end
        end
    end
}
