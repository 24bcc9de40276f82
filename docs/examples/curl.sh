#!/usr/bin/env bash
# curl: two pages of orders, a change, its event on a stream, and what was missed while nobody listened.
# TOKEN=$(.venv/bin/tidegate token --email admin@acme.example) bash docs/examples/curl.sh
set -euo pipefail
GATE=${GATE:-http://127.0.0.1:8000}
PAGE='query Page($after: String) { orders(first: 2, after: $after) { nodes { id number } pageInfo { endCursor } } }'
CHANGE='mutation Change($id: ID!, $notes: String) { updateOrder(input: {id: $id, notes: $notes}) { order { version } userErrors { message } } }'
WATCH='subscription Watch { orderEvents { type id patch } }'

send() { exec curl -sSN "$GATE/graphql" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }
ask() { (send -d "{\"query\": \"$1\", \"variables\": $2}"); }
field() { grep -o "\"$1\":\"*[^\",}]*" | sed 's/.*://; s/"//'; } # every value of that name
change() { echo changed "$(ask "$CHANGE" "{\"id\": \"$ID\", \"notes\": \"$1\"}" | field version)"; }
watch() { exec 3< <(send -H 'Accept: text/event-stream' "$@" -d "{\"query\": \"$WATCH\"}") && STREAM=$!; }
# Reads the stream up to a line of that name. The last id that came is where to resume.
listen() {
  while read -r name value <&3; do
    if [ "$name" = id: ]; then LAST=$value; fi
    if [ "$name" = "$1" ]; then return; fi
  done
  echo 'the stream is over: watch again, from the last id' >&2
  return 1
}
told() { listen data: && echo told "$(field type <<<"$value")" "$(field version <<<"$value")"; }

FIRST=$(ask "$PAGE" '{}')
ID=$(field id <<<"$FIRST" | head -1)
echo page $(field number <<<"$FIRST")
echo page $(ask "$PAGE" "{\"after\": \"$(field endCursor <<<"$FIRST")\"}" | field number)

watch
listen id: # it is open, and begins there
change 'from curl'
told
kill $STREAM
change 'while nobody listened'
watch -H "Last-Event-ID: $LAST"
told
kill $STREAM
