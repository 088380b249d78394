-- The question bank, quizzes, and what riders answer.

-- keys: the questions; args: how many there may be before what is added
ops['question_room'] = {
    check = function(keys, k, args, a)
        if redis.call('ZCARD', keys[k]) > tonumber(args[a]) then
            return {'limit'}
        end
    end,
    apply = function() end
}

-- keys: the count of changes
ops['quiz_changed'] = {
    apply = function(keys, k)
        redis.call('INCR', keys[k])
    end
}

-- keys: the open quizzes, the count of changes
-- args: id, whether it is open, how many may be
ops['quiz_open'] = {
    check = function(keys, k, args, a)
        if args[a + 1] == '1' and
            redis.call('SISMEMBER', keys[k], args[a]) == 0 and
            redis.call('SCARD', keys[k]) >= tonumber(args[a + 2]) then
            return {'limit'}
        end
    end,
    apply = function(keys, k, args, a)
        redis.call(args[a + 1] == '1' and 'SADD' or 'SREM', keys[k], args[a])
        redis.call('INCR', keys[k + 1])
    end
}

-- keys: the run's counts; args: what it asks, ttl_ms
ops['quiz_run'] = {
    apply = function(keys, k, args, a)
        redis.call('HSET', keys[k], 'asked', args[a])
        redis.call('PEXPIRE', keys[k], args[a + 1])
    end
}

-- Who is through first is before who is later, as the lowest bits of the score.
local FIRST_MAX = 2 ^ 22 - 1

-- keys: the run's answers, scores and counts; the rider's runs
-- args: rider, what they had answered, what they have, score, whether they are
--       through with it, what to count or '', run, ms, ttl_ms, most runs
ops['quiz_attempt'] = {
    check = function(keys, k, args, a)
        local had = redis.call('HGET', keys[k], args[a]) or ''
        if had ~= args[a + 1] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        local rider, ttl = args[a], args[a + 8]
        local score = tonumber(args[a + 3])
        redis.call('HSET', keys[k], rider, args[a + 2])
        local first = args[a + 1] == '' and
            redis.call('HINCRBY', keys[k + 2], 'started', 1) == 1
        if args[a + 4] == '1' then
            local n = redis.call('HINCRBY', keys[k + 2], 'finished', 1)
            score = score + math.max(1, FIRST_MAX - n)
        end
        if args[a + 5] ~= '' then
            redis.call('HINCRBY', keys[k + 2], args[a + 5], 1)
        end
        redis.call('ZADD', keys[k + 1], string.format('%.0f', score), rider)
        if args[a + 1] == '' then
            redis.call('ZADD', keys[k + 3], args[a + 7], args[a + 6])
            redis.call('ZREMRANGEBYRANK', keys[k + 3], 0, -1 - args[a + 9])
            redis.call('PEXPIRE', keys[k + 3], ttl)
        end
        if first then
            for i = k, k + 2 do
                redis.call('PEXPIRE', keys[i], ttl)
            end
        end
    end
}

-- keys: the rider's runs, then answers and scores of each; args: rider, runs
ops['quiz_forget'] = {
    apply = function(keys, k, args, a)
        redis.call('DEL', keys[k])
        for i = k + 1, k + 2 * args[a + 1], 2 do
            redis.call('HDEL', keys[i], args[a])
            redis.call('ZREM', keys[i + 1], args[a])
        end
    end
}

-- As points_once, and counted on boards when it is posted.
-- keys: as points_once, then boards …; args: as points_once, most places on a
--       board, then of each board: who, ttl_ms or 0
ops['board_gain'] = {
    apply = function(keys, k, args, a, n)
        local new = ops['points_once'].apply(keys, k, args, a)
        if new == '0' then
            return new
        end
        local points, most = args[a + 2], tonumber(args[a + 5])
        local at = k + 5
        for i = a + 6, a + n - 1, 2 do
            local board = keys[at]
            at = at + 1
            if redis.call('ZINCRBY', board, points, args[i]) == points then
                local places = redis.call('ZCARD', board)
                if places > most then
                    redis.call('ZREMRANGEBYRANK', board, 0, places - most - 1)
                elseif places == 1 and args[i + 1] ~= '0' then
                    redis.call('PEXPIRE', board, args[i + 1])
                end
            end
        end
        return new
    end
}

-- keys: boards …; args: rider, how many boards
ops['board_leave'] = {
    apply = function(keys, k, args, a)
        for i = k, k + args[a + 1] - 1 do
            redis.call('ZREM', keys[i], args[a])
        end
    end
}
