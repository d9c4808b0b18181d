# lanes.sh: sourced by run-tests and run-rows. Runs commands, as many at a time as there are
# processors (or TEST_JOBS), each with a log of its own.
#
#   long_first NAME...     prints their numbers, those first that took longest the last time, so that
#                          no lane is idle at the end; where that is not known, those that run programs
#   lane NAME COMMAND...   starts it when a lane is free
#   lanes_end              waits for all of them
#   lane_read NAME         sets log, rc, took (seconds)
#   failed WHAT LOG        notes a failure, with the last seed that the log names
#
# LIMIT is there to end a hang alone: nothing takes so long on the busiest machine.
LIMIT=1800
lanes_max=${TEST_JOBS:-$(nproc)}
logs=$out/log
mkdir -p "$logs"
failures=()

lanes_stop() {
	trap - INT TERM
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
	wait
	exit 130
}
trap lanes_stop INT TERM

long_first() {
	local i=0 name seconds
	for name in "$@"; do
		case $name in
		row-determinism | row-node_corruption | row-nth_ledger) seconds=9 ;;
		row-* | tests-*) seconds=5 ;;
		*) seconds=1 ;;
		esac
		[ -e "$logs/$name.rc" ] && read -r _ seconds <"$logs/$name.rc"
		echo "$seconds $i"
		i=$((i + 1))
	done | sort -k1,1nr -k2,2n | cut -d' ' -f2
}

lane() {
	local name=$1
	shift
	while [ "$(jobs -rp | wc -l)" -ge "$lanes_max" ]; do wait -n || true; done
	rm -f "$logs/$name.rc"
	{
		begin=$SECONDS
		timeout -k 30 $LIMIT "$@" >"$logs/$name.log" 2>&1 </dev/null
		code=$?
		times >"$logs/$name.times"
		echo "$code $((SECONDS - begin))" >"$logs/$name.rc"
	} &
}

lanes_end() {
	while [ "$(jobs -rp | wc -l)" -gt 0 ]; do wait -n || true; done
}

lane_read() {
	log=$logs/$1.log rc=255 took=0
	[ -e "$logs/$1.rc" ] && read -r rc took <"$logs/$1.rc"
	[ "$rc" != 124 ] || echo "it was ended after $LIMIT seconds" >>"$log"
}

failed() {
	local seed
	seed=$(grep -aioE 'seed[ :=]+[0-9]+' "$2" 2>/dev/null | tail -n 1)
	failures+=("FAILED: $1${seed:+, $seed} ($2)")
}

# longest NAME...: which of them took longest, in a line, and what all took of a processor: that says
# more where others work beside.
longest() {
	local n
	for n in "$@"; do
		lane_read "$n"
		echo "$took $n"
	done | sort -rn | head -n 6 | awk '{ printf "%s %s %s s", (NR > 1 ? "," : "longest:"), $2, $1 }'
	for n in "$@"; do
		sed -n '2s/[ms]/ /gp' "$logs/$n.times" 2>/dev/null
	done | awk '{ s += 60 * $1 + $2 + 60 * $3 + $4 } END { printf "; %.0f s of a processor\n", s }'
}

# The failures last; what `make test` tells at its end is kept for it.
finish() {
	printf '%s\n' ${failures[@]+"${failures[@]}"} >"$logs/$1failed"
	echo "$pass $fail $skip" >"$logs/$1totals"
	echo "$2"
	[ ${#failures[@]} -eq 0 ] || printf '%s\n' "${failures[@]}"
	[ ${#failures[@]} -eq 0 ] && [ "$fail" = 0 ]
}
