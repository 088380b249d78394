-- A document as a whole, under the version that the writer has read.
-- keys: document, documents; args: version, name, json, by, at_ms
ops['document_put'] = {
    check = function(keys, k, args, a)
        local version = redis.call('HGET', keys[k], 'v') or '0'
        if version ~= args[a] then
            return {'conflict'}
        end
    end,
    apply = function(keys, k, args, a)
        local version = string.format('%.0f', tonumber(args[a]) + 1)
        redis.call('HSET', keys[k], 'v', version, 'json', args[a + 2],
            'by', args[a + 3], 'at', args[a + 4])
        redis.call('HSET', keys[k + 1], args[a + 1], version)
        return version
    end
}

-- Another document is what it was. keys: document; args: version
ops['document_expect'] = {
    check = function(keys, k, args, a)
        local version = redis.call('HGET', keys[k], 'v') or '0'
        if version ~= args[a] then
            return {'conflict'}
        end
    end,
    apply = function() end
}
