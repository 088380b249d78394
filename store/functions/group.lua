-- Groups the bot is in, through one or several accounts. What people have set
-- (units, stations, tags, muted, lang) is under the version 'v'. Changes of who
-- is reached go to the stream of people.lua.

-- The accounts of a group, as a list.
local function accounts_of(known, last)
    local accounts = {}
    -- Before there could be several, there was the last one.
    for account in string.gmatch(known or last or '', '[^,]+') do
        accounts[#accounts + 1] = account
    end
    return accounts
end

local function tell_group(key, cap, chat)
    redis.call('XADD', key, 'MAXLEN', '~', cap, '*', 'g', chat)
end

-- An account is in a group. keys: group, groups, the account's groups, people
-- args: chat, account, stream cap, fields …
ops['group_set'] = {
    apply = function(keys, k, args, a, n)
        local key, account = keys[k], args[a + 1]
        local accounts = accounts_of(unpack(
            redis.call('HMGET', key, 'accounts', 'account')))
        local found = false
        for _, other in ipairs(accounts) do
            found = found or other == account
        end
        local changed = not found
        if not found then
            accounts[#accounts + 1] = account
            table.sort(accounts)
        end
        for i = a + 3, a + n - 1, 2 do
            changed = changed or
                redis.call('HGET', key, args[i]) ~= args[i + 1]
        end
        redis.call('HSET', key, 'account', account, 'accounts',
            table.concat(accounts, ','), unpack(args, a + 3, a + n - 1))
        redis.call('SADD', keys[k + 1], args[a])
        redis.call('SADD', keys[k + 2], args[a])
        if changed then
            tell_group(keys[k + 3], args[a + 2], args[a])
        end
    end
}

-- An account is in it no more. keys: group, the account's groups, people
-- args: chat, account, stream cap
ops['group_leave'] = {
    apply = function(keys, k, args, a)
        local key, left, found = keys[k], {}, false
        local accounts = accounts_of(unpack(
            redis.call('HMGET', key, 'accounts', 'account')))
        for _, account in ipairs(accounts) do
            if account == args[a + 1] then
                found = true
            else
                left[#left + 1] = account
            end
        end
        redis.call('SREM', keys[k + 1], args[a])
        if not found then
            return
        end
        redis.call('HSET', key, 'accounts', table.concat(left, ','))
        if #left > 0 then
            redis.call('HSET', key, 'account', left[1])
        end
        tell_group(keys[k + 2], args[a + 2], args[a])
    end
}

-- What people set. keys: group, people; args: chat, version, stream cap, then
-- name, value, … ('' removes the field)
ops['group_change'] = {
    check = function(keys, k, args, a)
        local known = redis.call('HMGET', keys[k], 'title', 'v')
        if not known[1] then
            return {'not_found'}
        end
        if (known[2] or '0') ~= args[a + 1] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], 'v', tonumber(args[a + 1]) + 1)
        for i = a + 3, a + n - 1, 2 do
            if args[i + 1] == '' then
                redis.call('HDEL', keys[k], args[i])
            else
                redis.call('HSET', keys[k], args[i], args[i + 1])
            end
        end
        tell_group(keys[k + 1], args[a + 2], args[a])
    end
}

-- One-time codes and links, kept under the hash of their token.
-- keys: code; args: ttl_ms, fields …
ops['code_create'] = {
    apply = function(keys, k, args, a, n)
        redis.call('HSET', keys[k], unpack(args, a + 1, a + n - 1))
        redis.call('PEXPIRE', keys[k], args[a])
    end
}

-- keys: code
ops['code_take'] = {
    check = function(keys, k)
        if redis.call('EXISTS', keys[k]) == 0 then
            return {'not_found'}
        end
    end,
    apply = function(keys, k)
        redis.call('DEL', keys[k])
    end
}
