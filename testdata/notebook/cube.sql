-- Reads what trustreplay wrote, from DuckDB, and makes a saved cube that trustreplay reads back. It wants three files in the folder
-- that it runs in:
--
--   trustreplay convert --labels labels.csv --out history.parquet history.jsonl.gz
--   trustreplay replay --policy table-combined --by month --maturity 0 --format json --out replay.json history.parquet
--   trustreplay replay --policy table-combined --by month --maturity 0 --format csv --out replay.csv history.parquet
--
--   duckdb -csv < cube.sql

-- The contract first: a newer version than 1 may mean other things by these names.
SELECT CASE WHEN schema_version = 1 THEN 'schema_version 1' ELSE error('a newer contract: read its README, or use an older trustreplay') END AS contract
FROM read_json('replay.json');

-- Records and frauds by month, as the history has them and as the replay counted them: the two columns of each are equal.
WITH history AS (
    SELECT strftime(make_timestamp(epoch_us(timestamp)), '%Y-%m') AS month, count(*) AS records, count(*) FILTER (label = 'fraud') AS fraud
    FROM 'history.parquet' GROUP BY ALL
), replayed AS (
    SELECT unnest(groups) AS part FROM read_json('replay.json')
)
SELECT month, history.records, part.records AS replayed, fraud,
    part.actions.approve.fraud + part.actions.monitor.fraud + part.actions.step_up.fraud + part.actions.review.fraud + part.actions.block.fraud
        + part.actions.undecided.fraud AS replayed_fraud
FROM history JOIN replayed ON part.key.month = month
ORDER BY month;

-- The tidy table: one line for each figure.
SELECT month, round(value, 4) AS fraud_rate, round(low, 4) AS low, round(high, 4) AS high
FROM read_csv('replay.csv', all_varchar = false)
WHERE "table" = 'measure' AND name = 'fraud_rate' AND scope = 'group'
ORDER BY month;

-- A saved cube: each combination once, with its records and the sum of their amounts. Records without an amount stay apart. The
-- control totals are optional; trustreplay checks the rows against them.
CREATE TABLE cube AS
SELECT date_trunc('month', make_timestamp(epoch_us(timestamp))) AS timestamp,
    session_score, session_status, session_score_cluster, onboarding_score, onboarding_status, onboarding_score_cluster,
    label, action, country, amount IS NULL AS no_amount,
    count(*) AS records, sum(amount) AS amount
FROM 'history.parquet'
GROUP BY ALL
ORDER BY ALL;

SET VARIABLE about = (
    SELECT json_object('schema_version', 1, 'time', 'month',
        'period', json_object('first', strftime(make_timestamp(min(epoch_us(timestamp))), '%Y-%m-%d'), 'last', strftime(make_timestamp(max(epoch_us(timestamp))), '%Y-%m-%d')),
        'totals', json_object('read', count(*), 'rejected', 0, 'records', count(*), 'fraud', count(*) FILTER (label = 'fraud'),
            'legit', count(*) FILTER (label = 'legit'), 'unlabeled', count(*) FILTER (label IS NULL),
            'no_amount', count(*) FILTER (amount IS NULL), 'amount_minor', (coalesce(sum(amount), 0) * 100)::BIGINT))
    FROM 'history.parquet');

COPY cube TO 'cube.parquet' (FORMAT parquet, KV_METADATA {trustreplay_cube: getvariable('about')});

SELECT count(*) > 0 AS has_rows, sum(records) AS records, sum(amount) AS amount FROM 'cube.parquet';
