# Sourced by tests of the network: a server of our own on the loopback interface, and what it was asked.
# SPDX-License-Identifier: Apache-2.0
find_python 'import http.server' || skip 'no python3'
requests=$work/requests.log
# No proxy of this machine stands between the test and its server.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

# start_server [FILES_DIR]: $url is then its address.
start_server() {
  rm -f "$work/port"
  : >"$requests"
  "$python" tests/net/server.py "$work/port" "$requests" "${1:-$work}" "$PLEAT_SHARED/features/F_colabfold" &
  server_pid=$!
  trap 'kill $server_pid 2>/dev/null; rm -rf "$work"' EXIT
  n=0
  while [ ! -s "$work/port" ]; do
    n=$((n + 1))
    [ $n -lt 200 ] || { echo "the server does not start" >&2; exit 1; }
    sleep 0.05
  done
  url=http://127.0.0.1:$(cat "$work/port")
}

n_requests() { # PATTERN: how many lines of the log match
  grep -c -e "$1" "$requests"
}
