#!/bin/bash
# ./dev demo: the daemon with an embedded Redis and a sample district, a scripted
# conversation through its real OneBot WebSocket, and then the web chat to try.
# What was said is kept in var/demo; a second start goes on with it.
set -euo pipefail

build=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=${DEMO_DIR:-$root/var/demo}
port=${DEMO_PORT:-8080}
token=demo-token
daemon=

die() {
    printf 'demo: %s\n' "$*" >&2
    [ ! -s "$dir/xiaofeng.log" ] || tail -n 5 "$dir/xiaofeng.log" >&2
    exit 1
}

stop() {
    trap - EXIT INT TERM
    if [ -n "$daemon" ] && kill "$daemon" 2>/dev/null; then
        wait "$daemon" || true
        echo "demo: stopped; the data stay in $dir"
    fi
}

mkdir -p "$dir"
cat >"$dir/xiaofeng.conf" <<END
[xiaofeng]
district = qinhuai
operator_name = 秦淮区宁小蜂驿站（演示）
contact = 驿站服务台
public_url = http://127.0.0.1:$port
data_dir = $dir/data
[server]
port = $port
[onebot11]
token = $token
[pace]
account_rate = 20
account_burst = 20
group_rate = 20
group_burst = 20
[photo]
private_urls = yes
[web.group qinhuai]
title = 秦淮区外卖站点（网页）
[web.group xinjiekou]
title = 新街口骑手之家
END
chmod 600 "$dir/xiaofeng.conf"

trap 'exit 130' INT TERM
trap stop EXIT
: >"$dir/xiaofeng.log"
"$build/xiaofeng" -c "$dir/xiaofeng.conf" run 2>>"$dir/xiaofeng.log" &
daemon=$!

ready() { # over /dev/tcp, so that no curl is needed
    local line
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'GET /readyz HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n' >&3
    read -r line <&3
    exec 3>&-
    [[ $line == *" 200"* ]]
}
for _ in $(seq 100); do
    kill -0 "$daemon" 2>/dev/null || die "the daemon does not start (is port $port taken? DEMO_PORT=8081 ./dev demo)"
    ! ready 2>/dev/null || break
    sleep 0.1
done
ready 2>/dev/null || die "the daemon is not ready"

code() { "$build/xiaofeng" -c "$dir/xiaofeng.conf" code "$@" 2>>"$dir/xiaofeng.log"; }
load() { # what the district knows, by a command of the program
    "$build/xiaofeng" -c "$dir/xiaofeng.conf" "$@" >>"$dir/xiaofeng.log" 2>&1 ||
        die "not done: xiaofeng $*"
}
post() { # a call of the REST API; type, path, body; prints the answer
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST /api/v1%s HTTP/1.1\r\nHost: demo\r\nAuthorization: Bearer %s\r\n' \
        "$2" "$key" >&3
    printf 'Content-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
        "$1" "$(printf %s "$3" | wc -c)" "$3" >&3
    cat <&3
    exec 3>&-
}
begin() { # something that riders take part in: path, body, move
    local answer id
    answer=$(post application/json "$1" "$2")
    id=$(grep -o '"id":"[EZ][0-9]*"' <<<"$answer" | head -n 1 | cut -d '"' -f 4)
    [ -n "$id" ] || die "not made: $1"
    post application/json "$1/$id/moves" "{\"move\":\"$3\",\"version\":1}" |
        grep -q '"id":' || die "not done: $3 $id"
}
if [ ! -e "$dir/loaded" ]; then # also when an earlier start was cut short
    load station import "$root/demo/stations.csv"
    load organisation import "$root/demo/organisation.csv"
    load document put areas "$root/demo/areas.geojson"
    load document put routing "$root/demo/routing.json"
    load document put broadcasts "$root/demo/broadcasts.json"
    # A password that only this demo knows, for the console.
    od -An -N9 -tx1 /dev/urandom | tr -d ' \n' >"$dir/password"
    chmod 600 "$dir/password"
    load user add demo --display 社区小赵 --role lead --role admin \
        --password-file "$dir/password"
    key=$("$build/xiaofeng" -c "$dir/xiaofeng.conf" token add 演示 \
        --scopes study,events 2>>"$dir/xiaofeng.log" | grep -o 'xf_[^ ]*')
    post text/csv /questions/import "$(cat "$root/demo/questions.csv")" |
        grep -q '"created":3' || die "the questions were not taken"
    begin /quizzes '{"kind":"quiz","title":"安全骑行小测","questions":{"n":3}}' open
    begin /events "{\"title\":\"周末亲子研学游\",\"place\":\"科技馆南门\",\"capacity\":30,
        \"family_max\":2,\"points\":5,\"starts_ms\":$(TZ=CST-8 date -d '+3 days 10:00' +%s)000,
        \"text\":\"带孩子参观科技馆，午饭由驿站安排。\"}" publish
    touch "$dir/loaded"
fi
codes=()
[ -e "$dir/bound" ] || codes=("$(code staff 社区小赵)" "$(code organiser 周老师)")
"$build/demo/xiaofeng-demo" "$port" "$token" "$root/demo/photo.png" "${codes[@]}" ||
    die "the conversation did not go as it should"
touch "$dir/bound"

cat <<END

Now it is your turn: http://127.0.0.1:$port/chat
  Open it in two browser windows (one of them private): two riders in one group.
  In the private chat, 绑定 $(code staff 演示) makes you staff: then 待办, 回复, 办结.
  And 绑定 $(code organiser 演示) makes you an organiser: then 通知 and some words.
The console of staff: http://127.0.0.1:$port/console/
  Name demo, password $(cat "$dir/password").
The log is $dir/xiaofeng.log. Ctrl-C stops; the next start keeps the data.
END
wait "$daemon"
