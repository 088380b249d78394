-- What the senders of a broadcast do with its targets. A lease is what one
-- process has taken for one account at a time: "<account> <part> <character of
-- the account> <first index>+<how many>,… <number of its last report>". It ends
-- with the last outcome of its targets. Those of a process that is gone are ended by whoever has the
-- account next: what is still 's' is unknown then.

-- Runs of waiting targets of a part, at most `most` targets together, from
-- where none waits below; and from where the next ones are.
local function delivery_waiting(parts, states, p, most)
    local from, n = delivery_part(parts, p)
    local at = tonumber(redis.call('HGET', parts, 'next:' .. p) or from)
    local stop, runs, got = from + n, {}, 0
    while at < stop and got < most do
        local seen = redis.call('GETRANGE', states, at,
            math.min(at + 4095, stop - 1))
        local i = 1
        while got < most do
            local first = string.find(seen, 'w', i, true)
            if not first then
                i = #seen + 1
                break
            end
            local last = (string.find(seen, '[^w]', first) or #seen + 1) - 1
            last = math.min(last, first + most - got - 1)
            runs[#runs + 1] = {at + first - 1, last - first + 1}
            got = got + last - first + 1
            i = last + 1
        end
        at = at + i - 1
    end
    return runs, got, at
end

-- Takes the next targets of a part that wait. Gives for each run of them
-- '<first index> <how many>' and then the chats.
-- keys: head, parts, chats, states, senders, leases
-- args: lease, account, part, character of the account, how many
ops['delivery_take'] = {
    check = function(keys, k)
        if delivery_state(keys[k]) ~= 'live' then
            return {'state'}
        end
    end,
    apply = function(keys, k, args, a)
        local head, parts, states = keys[k], keys[k + 1], keys[k + 3]
        local p, letter = args[a + 2], args[a + 3]
        local runs, got, at = delivery_waiting(parts, states, p,
            tonumber(args[a + 4]))
        redis.call('HSET', parts, 'next:' .. p, at)
        local values, leased = {}, {}
        for i, run in ipairs(runs) do
            local first, n = run[1], run[2]
            redis.call('SETRANGE', states, first, string.rep('s', n))
            redis.call('SETRANGE', keys[k + 4], first, string.rep(letter, n))
            values[#values + 1] = first .. ' ' .. n
            leased[i] = first .. '+' .. n
            for _, chat in ipairs(redis.call('LRANGE', keys[k + 2], first,
                first + n - 1)) do
                values[#values + 1] = chat
            end
        end
        if got > 0 then
            redis.call('HSET', keys[k + 5], args[a], args[a + 1] .. ' ' .. p ..
                ' ' .. letter .. ' ' .. table.concat(leased, ',') .. ' 0')
            delivery_count(head, 'w', -got)
            delivery_count(head, 's', got)
            redis.call('HINCRBY', parts, 'w:' .. p, -got)
        end
        return values
    end
}

-- The last target has its outcome: the broadcast is done, and whoever ordered
-- it gets the figures.
-- keys from k: head, parts, states, senders, leases, live ones, the record,
-- chats, sent, reasons, outbox of the report
local function delivery_done(keys, k, id, now)
    local head, record = keys[k], keys[k + 6]
    local h = redis.call('HMGET', head, 'state', 'w', 's', 'o', 'r', 'u',
        'total', 'report', 'from', 'd', 'c', 'l')
    if (h[1] ~= 'live' and h[1] ~= 'paused') or tonumber(h[2] or 0) > 0 or
        tonumber(h[3] or 0) > 0 then
        return
    end
    redis.call('HSET', head, 'state', 'done', 'ended', now)
    redis.call('ZREM', keys[k + 5], id)
    local state = redis.call('HGET', record, 'state')
    if state == 'sending' or state == 'paused' then
        redis.call('HSET', record, 'state', 'done', 'ended', now)
        redis.call('HINCRBY', record, 'v', 1)
    end
    for _, i in ipairs({1, 2, 3, 7, 9}) do -- chats are names of riders
        redis.call('PEXPIRE', keys[k + i], delivery_kept_ms)
    end
    if h[8] then
        redis.call('XADD', keys[k + 10], '*', 'n', table.concat({h[8],
            'total', h[7], 'sent', h[4] or '0', 'refused', h[5] or '0',
            'unknown', h[6] or '0'}, '\31'))
    end
end

-- Gives targets in a row that are 's', and were taken by letter, the letters
-- after; those that another took or that are more than 's' stay. Counts.
local function delivery_set(keys, k, first, after, letter, count)
    local last = first + #after - 1
    local states = redis.call('GETRANGE', keys[k + 2], first, last)
    local senders = redis.call('GETRANGE', keys[k + 3], first, last)
    local now = {}
    for i = 1, #after do
        local state = states:sub(i, i)
        if state == 's' and senders:sub(i, i) == letter then
            state = after:sub(i, i)
            count[state] = (count[state] or 0) + 1
        end
        now[i] = state
    end
    redis.call('SETRANGE', keys[k + 2], first, table.concat(now))
end

-- What was put back waits again, for anybody.
local function delivery_counted(keys, k, p, account, count, low)
    local head, parts, all = keys[k], keys[k + 1], 0
    for letter, n in pairs(count) do
        delivery_count(head, letter, n)
        all = all + n
    end
    delivery_count(head, 's', -all)
    delivery_count(head, 'o:' .. account, (count.o or 0) + (count.d or 0))
    delivery_count(head, 'r:' .. account, count.r or 0)
    if count.w then
        redis.call('HINCRBY', parts, 'w:' .. p, count.w)
        local at = tonumber(redis.call('HGET', parts, 'next:' .. p) or low)
        redis.call('HSET', parts, 'next:' .. p, math.min(at, low))
    end
end

-- What was sent to chats last is known for 已读.
local function delivery_pushed(chats, pushed, first, letters, id, now)
    local set = {}
    local names = redis.call('LRANGE', chats, first, first + #letters - 1)
    for i, chat in ipairs(names) do
        if letters:sub(i, i) == 'o' and chat ~= '' then
            set[#set + 1] = chat
            set[#set + 1] = id .. ' ' .. (first + i - 1) .. ' ' .. now
        end
    end
    if #set > 0 then
        redis.call('HSET', pushed, unpack(set))
    end
end

-- Outcomes of targets of one lease. A report that came before, and whose answer
-- was lost, changes nothing; nor does one of a lease that others have ended.
-- keys: head, parts, states, senders, leases, live ones, record, chats, sent,
-- reasons, outbox of the report, what was pushed
-- args: id, lease, account, part, character, now, number of the report, '1' when
-- the lease ends,
-- runs: how many, then first index and letters of each; ids of what was sent:
-- how many strings, then index and id …; reasons: the same
ops['delivery_outcomes'] = {
    apply = function(keys, k, args, a)
        local id, lease, p = args[a], args[a + 1], args[a + 3]
        local what, last = string.match(
            redis.call('HGET', keys[k + 4], lease) or '', '^(.*) (%d+)$')
        if not what or tonumber(last) >= tonumber(args[a + 6]) then
            return
        end
        local count, low = {}, math.huge
        local recalled = delivery_state(keys[k]) == 'recalled'
        local at = a + 9
        for _ = 1, tonumber(args[a + 8]) do
            local first, letters = tonumber(args[at]), args[at + 1]
            low = math.min(low, first)
            if recalled then
                letters = string.gsub(letters, 'o', 'd')
            end
            delivery_set(keys, k, first, letters, args[a + 4], count)
            delivery_pushed(keys[k + 7], keys[k + 11], first, letters, id,
                args[a + 5])
            at = at + 2
        end
        for i = 8, 9 do
            local n = tonumber(args[at])
            if n > 0 then
                redis.call('HSET', keys[k + i], unpack(args, at + 1, at + n))
            end
            at = at + 1 + n
        end
        if redis.call('EXISTS', keys[k + 8]) == 1 then
            redis.call('PEXPIRE', keys[k + 8], 2 * delivery_day_ms)
        end
        delivery_counted(keys, k, p, args[a + 2], count, low)
        if args[a + 7] == '1' then
            redis.call('HDEL', keys[k + 4], lease)
        else
            redis.call('HSET', keys[k + 4], lease, what .. ' ' .. args[a + 6])
        end
        delivery_done(keys, k, id, args[a + 5])
    end
}

-- Ends a lease: what has no outcome becomes letter, 'u' after a crash, or 'w'
-- when it is sure that nothing was tried.
-- keys: as delivery_outcomes, without the last; args: id, lease, letter, now
ops['delivery_lease_end'] = {
    apply = function(keys, k, args, a)
        local lease = redis.call('HGET', keys[k + 4], args[a + 1])
        if not lease then
            return
        end
        local account, p, letter, runs =
            string.match(lease, '^(%S+) (%d+) (%S) (%S+) %d+$')
        local count, low = {}, math.huge
        for first, n in string.gmatch(runs, '(%d+)%+(%d+)') do
            delivery_set(keys, k, tonumber(first),
                string.rep(args[a + 2], tonumber(n)), letter, count)
            low = math.min(low, tonumber(first))
        end
        redis.call('HDEL', keys[k + 4], args[a + 1])
        delivery_counted(keys, k, p, account, count, low)
        delivery_done(keys, k, args[a], args[a + 3])
        return tostring(count[args[a + 2]] or 0)
    end
}

-- Nothing is left to do for it here, if that is so.
-- keys: head, live ones, leases; args: id
ops['delivery_rest'] = {
    apply = function(keys, k, args, a)
        local h = redis.call('HMGET', keys[k], 'state', 'd')
        if h[1] ~= 'live' and (h[2] or '0') == '0' and
            redis.call('EXISTS', keys[k + 2]) == 0 then
            redis.call('ZREM', keys[k + 1], args[a])
        end
    end
}

-- The next targets of a part that an account has to recall: gives the index
-- from which to go on, then index, chat and message id of each. It may be done
-- twice. keys: parts, states, senders, sent, chats
-- args: part, character of the account, from which index, how many
ops['delivery_recall_next'] = {
    apply = function(keys, k, args, a)
        local from, n = delivery_part(keys[k], args[a])
        local at = math.max(from, tonumber(args[a + 2]))
        local stop = math.min(from + n, at + 65536)
        local states = redis.call('GETRANGE', keys[k + 1], at, stop - 1)
        local senders = redis.call('GETRANGE', keys[k + 2], at, stop - 1)
        local values, i = {''}, 0
        while at + i < stop and #values < 3 * tonumber(args[a + 3]) do
            i = string.find(states, 'd', i + 1, true)
            if not i then
                i = stop - at
            elseif senders:sub(i, i) == args[a + 1] then
                values[#values + 1] = tostring(at + i - 1)
                values[#values + 1] = redis.call('LINDEX', keys[k + 4],
                    at + i - 1) or ''
                values[#values + 1] = redis.call('HGET', keys[k + 3],
                    at + i - 1) or ''
            end
        end
        values[1] = tostring(at + i)
        return values
    end
}

-- keys: head, states, reasons; args: index, letter, reason, …
ops['delivery_recall_outcomes'] = {
    apply = function(keys, k, args, a, n)
        local count = {}
        for i = a, a + n - 1, 3 do
            local state = redis.call('GETRANGE', keys[k + 1], args[i], args[i])
            if state == 'd' then
                local letter = args[i + 1]
                redis.call('SETRANGE', keys[k + 1], args[i], letter)
                count[letter] = (count[letter] or 0) + 1
                if letter == 'l' then
                    redis.call('HSET', keys[k + 2], args[i], args[i + 2])
                end
            end
        end
        for letter, by in pairs(count) do
            delivery_count(keys[k], letter, by)
            delivery_count(keys[k], 'd', -by)
        end
    end
}

-- The time is over in which anything can be recalled. keys: head, states
ops['delivery_recall_end'] = {
    apply = function(keys, k)
        delivery_turn_all(keys[k], keys[k + 1], 'd', 'l')
    end
}

-- A process shows that it lives. keys: deliverer; args: ttl_ms
ops['delivery_alive'] = {
    apply = function(keys, k, args, a)
        redis.call('SET', keys[k], '1', 'PX', args[a])
    end
}
