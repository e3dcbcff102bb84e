#!/bin/sh
# The testbed over real TCP: device and server in network namespaces of their own, a virtual wire between them,
# its rate set by tc's token bucket at both ends. Needs root and the tools ip and tc; opt in, no test runs it.
#   sh tests/testbed/in_namespaces.sh cnn_slow_4 20 40 3        setting, Mbit/s up and down, steps
set -eu
setting=${1:-cnn_slow_4} up=${2:-20} down=${3:-40} steps=${4:-3} python=${PYTHON:-.venv/bin/python}
device=cutwise_device server=cutwise_server address=10.77.0.2:5555

[ "$(id -u)" = 0 ] || { echo "network namespaces need root; python -m tests.testbed runs without" >&2; exit 1; }

tidy() {
    [ -z "${served:-}" ] || kill "$served" 2>/dev/null || true
    ip netns del "$device" 2>/dev/null || true
    ip netns del "$server" 2>/dev/null || true
}
trap tidy EXIT
tidy

ip netns add "$device"
ip netns add "$server"
ip link add cwdev type veth peer name cwsrv
ip link set cwdev netns "$device"
ip link set cwsrv netns "$server"
ip -n "$device" addr add 10.77.0.1/24 dev cwdev
ip -n "$server" addr add 10.77.0.2/24 dev cwsrv
ip -n "$device" link set cwdev up
ip -n "$server" link set cwsrv up
ip netns exec "$device" tc qdisc replace dev cwdev root tbf rate "${up}mbit" burst 16kb latency 2s
ip netns exec "$server" tc qdisc replace dev cwsrv root tbf rate "${down}mbit" burst 16kb latency 2s

ip netns exec "$server" "$python" -m tests.testbed.server_process --at "$address" &
served=$!
ip netns exec "$device" "$python" -m tests.testbed --only "$setting" --steps "$steps" --server "$address"
