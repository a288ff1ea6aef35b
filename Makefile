# Short names for what README.md and .ci/run spell out.

.PHONY: test bench check

test:
	go test ./...

# The table of our side: records/s and MB/s of every reader and of the replay. With HISTORY=/path/a.parquet,/path/b.jsonl also the
# jobs of the performance targets on those files.
bench:
	HISTORY=$(HISTORY) go test -run '^$$' -bench . -benchtime 5x ./dataset ./replay
	HISTORY=$(HISTORY) go test -run '^$$' -bench Waterfalls -benchtime 5x ./calibrate

check:
	bash .ci/run
