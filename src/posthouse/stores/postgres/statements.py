"""The hot statements, written for PostgreSQL. Each is one round trip for a whole batch and stands alone.

Arrays travel instead of rows: one prepared statement serves every batch size.
"""

from typing import Final

_INPUT: Final = """
WITH input AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bool[], $6::smallint[], $7::smallint[], $8::uuid[],
        $9::uuid[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::bigint[], $15::bigint[], $16::bigint[],
        $17::smallint[], $18::bytea[], $19::text[], $20::text[], $21::text[]
    ) AS i (
        id, workspace_id, key_id, flow, live, channel, lane, template_id, release_id, locale, recipient,
        recipient_name, variables, created_at, due_at, expires_at, policy, extras, tags, correlation, supersedes
    )
"""
_KEPT: Final = """
), rows AS (
    INSERT INTO messages (
        id, workspace_id, key_id, flow, live, channel, lane, template_id, release_id, locale, recipient,
        recipient_name, variables, created_at, due_at, expires_at, policy, extras, tags, correlation, supersedes
    ) SELECT * FROM kept
), waiting AS (
    INSERT INTO queue (message_id, workspace_id, lane, flow, available_at)
    SELECT id, workspace_id, lane, flow, due_at FROM kept
), facts AS (
    INSERT INTO events (message_id, type, key, workspace_id, at)
    SELECT id, 1, '', workspace_id, created_at FROM kept
), counted AS (
    INSERT INTO counters AS c (workspace_id, hour, template, channel, lane, live, provider, type, shard, count)
    SELECT workspace_id, hour, coalesce(replace(template_id::text, '-', ''), ''), channel, lane, live::int, '', 1,
        $22::smallint, n
    FROM (
        SELECT workspace_id, created_at / 3600000000 AS hour, template_id, channel, lane, live, count(*) AS n
        FROM kept GROUP BY 1, 2, 3, 4, 5, 6
    ) AS g
    ON CONFLICT (workspace_id, hour, template, channel, lane, live, provider, type, shard)
    DO UPDATE SET count = c.count + excluded.count
"""
"""Nobody else writes counters of this shard meanwhile, so they need no order to be free of deadlocks."""

ACCEPT_PLAIN: Final = f"""{_INPUT}
), kept AS (
    SELECT * FROM input
{_KEPT}
)
SELECT NULL::uuid AS message_id WHERE false
"""  # noqa: S608  made of the constants above
"""Keeps messages that have neither idempotency keys nor tags: most of a transaction's fixed cost is for each table it may touch."""

ACCEPT: Final = f"""{_INPUT}
), keyed AS MATERIALIZED (
    SELECT * FROM unnest($23::uuid[], $24::uuid[], $25::text[], $26::bytea[], $27::bytea[])
        AS k (message_id, workspace_id, key, body_hash, answer)
), won AS (
    INSERT INTO idempotency (workspace_id, key, body_hash, message_id, generation, answer)
    SELECT workspace_id, key, body_hash, message_id,
        coalesce((SELECT number FROM meta WHERE name = 'idempotency_generation'), 0), answer
    FROM keyed ORDER BY workspace_id, key
    ON CONFLICT DO NOTHING
    RETURNING message_id
), lost AS MATERIALIZED (
    SELECT message_id FROM keyed WHERE message_id NOT IN (SELECT message_id FROM won)
), kept AS MATERIALIZED (
    SELECT * FROM input WHERE id NOT IN (SELECT message_id FROM lost)
{_KEPT}
), tagged AS (
    INSERT INTO message_tags (message_id, workspace_id, tag)
    SELECT * FROM unnest($28::uuid[], $29::uuid[], $30::text[]) AS t (message_id, workspace_id, tag)
    WHERE message_id NOT IN (SELECT message_id FROM lost)
    ON CONFLICT DO NOTHING
)
SELECT message_id FROM lost
"""  # noqa: S608  made of the constants above
"""Keeps messages with everything that belongs to them; answers which of them came under an idempotency key that was taken."""

TAKEN_KEYS: Final = """
SELECT k.message_id, i.body_hash, i.answer
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS k (message_id, workspace_id, key)
JOIN idempotency i ON i.workspace_id = k.workspace_id AND i.key = k.key
"""
"""What was answered under keys that were taken before."""

KEEP_BLOBS: Final = """
INSERT INTO blobs (workspace_id, digest, created_at, data)
SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::bytea[]) AS b (workspace_id, digest, created_at, data)
ORDER BY workspace_id, digest
ON CONFLICT DO NOTHING
"""
"""Keeps the bytes of attachments once a workspace."""

USE_BLOBS: Final = """
UPDATE blobs b SET created_at = used.at
FROM (
    SELECT workspace_id, digest, max(at) AS at
    FROM unnest($1::uuid[], $2::bytea[], $3::bigint[]) AS u (workspace_id, digest, at) GROUP BY 1, 2
) AS used
WHERE b.workspace_id = used.workspace_id AND b.digest = used.digest AND b.created_at < used.at
"""
"""Notes that files are used again: they are kept from then on as long as new ones."""

LOCK_SUPERSEDES: Final = """
SELECT pg_advisory_xact_lock(k) FROM (
    SELECT DISTINCT hashtextextended(workspace_id::text || key, 0) AS k
    FROM unnest($1::uuid[], $2::text[]) AS s (workspace_id, key) ORDER BY 1
) AS keys
"""
"""Lets two accepts that supersede the same messages go one after the other, or each would miss the other's."""

SUPERSEDE: Final = """
WITH newest AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::bytea[], $6::bool[])
        AS n (workspace_id, key, message_id, at, data, live)
), found AS MATERIALIZED (
    SELECT m.id, m.template_id, m.channel, m.lane, m.live, n.workspace_id, n.message_id AS by, n.at, n.data
    FROM newest n JOIN messages m ON m.workspace_id = n.workspace_id AND m.supersedes = n.key AND m.live = n.live
    WHERE m.id <> n.message_id AND m.id <> ALL ($7::uuid[])
), locked AS MATERIALIZED (
    SELECT q.message_id FROM queue q WHERE q.message_id = ANY (ARRAY(SELECT id FROM found))
    ORDER BY q.message_id FOR UPDATE
), gone AS (
    DELETE FROM queue q USING found f
    WHERE q.message_id = ANY (ARRAY(SELECT message_id FROM locked)) AND q.message_id = f.id
        AND (q.lease IS NULL OR q.available_at <= f.at)
    RETURNING q.message_id, q.workspace_id, q.attempts, f.template_id, f.channel, f.lane, f.live, f.by, f.at, f.data
), ended AS (
    INSERT INTO states (message_id, workspace_id, status, ended_at, attempts)
    SELECT message_id, workspace_id, 74, at, attempts FROM gone
), facts AS (
    INSERT INTO events (message_id, type, key, workspace_id, at, data)
    SELECT message_id, 17, '', workspace_id, at, data FROM gone
    ON CONFLICT DO NOTHING
    RETURNING message_id
), counted AS (
    INSERT INTO counters AS c (workspace_id, hour, template, channel, lane, live, provider, type, shard, count)
    SELECT workspace_id, at / 3600000000, coalesce(replace(template_id::text, '-', ''), ''), channel, lane,
        live::int, '', 17, $8::smallint, count(*)
    FROM gone WHERE message_id IN (SELECT message_id FROM facts)
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (workspace_id, hour, template, channel, lane, live, provider, type, shard)
    DO UPDATE SET count = c.count + excluded.count
)
SELECT by, count(*) FROM gone GROUP BY by
"""
"""Withdraws the older messages that newer ones replace, unless they are being sent; how many for each newer one."""

SUPPRESS: Final = """
WITH stopped AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS s (message_id, at, data)
), gone AS (
    DELETE FROM queue q USING stopped s WHERE q.message_id = s.message_id
    RETURNING q.message_id, q.workspace_id, s.at, s.data
), ended AS (
    INSERT INTO states (message_id, workspace_id, status, ended_at, attempts)
    SELECT message_id, workspace_id, 75, at, 0 FROM gone
), facts AS (
    INSERT INTO events (message_id, type, key, workspace_id, at, data)
    SELECT message_id, 18, '', workspace_id, at, data FROM gone
)
INSERT INTO counters AS c (workspace_id, hour, template, channel, lane, live, provider, type, shard, count)
SELECT m.workspace_id, g.at / 3600000000, coalesce(replace(m.template_id::text, '-', ''), ''), m.channel, m.lane,
    m.live::int, '', 18, $4::smallint, count(*)
FROM gone g JOIN messages m ON m.id = g.message_id
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT (workspace_id, hour, template, channel, lane, live, provider, type, shard)
DO UPDATE SET count = c.count + excluded.count
"""
"""Ends messages of the transaction's own accept whose person must not be written to."""

DUE_FLOWS: Final = """
SELECT wanted.lane, due.flow
FROM unnest($1::smallint[], $2::int[], $3::bigint[]) WITH ORDINALITY AS wanted (lane, most, after, place)
CROSS JOIN LATERAL (
    WITH RECURSIVE flows (flow) AS (
        SELECT (SELECT q.flow FROM queue q WHERE q.held = 0 AND q.lane = wanted.lane AND q.flow > wanted.after
                ORDER BY q.flow LIMIT 1)
        UNION ALL
        SELECT (SELECT q.flow FROM queue q WHERE q.held = 0 AND q.lane = wanted.lane AND q.flow > flows.flow
                ORDER BY q.flow LIMIT 1)
        FROM flows WHERE flows.flow IS NOT NULL
    )
    SELECT flow FROM flows
    WHERE flow IS NOT NULL AND $4 >= (
        SELECT q.available_at FROM queue q
        WHERE q.held = 0 AND q.lane = wanted.lane AND q.flow = flows.flow ORDER BY q.available_at LIMIT 1)
    LIMIT wanted.most
) AS due
ORDER BY wanted.place
"""
"""Which flows of each lane have something due: one step in the index for each flow, however long the queue is.

The first due instant is a scalar on purpose: EXISTS was once planned as a join that read the whole queue.
"""

CLAIM: Final = """
WITH picked AS MATERIALIZED (
    SELECT due.message_id, due.attempts, due.lease IS NOT NULL AS in_doubt
    FROM unnest($1::smallint[], $2::bigint[], $3::int[]) AS share (lane, flow, most)
    CROSS JOIN LATERAL (
        SELECT q.message_id, q.attempts, q.lease FROM queue q
        WHERE q.held = 0 AND q.lane = share.lane AND q.flow = share.flow AND q.available_at <= $4
        ORDER BY q.available_at LIMIT share.most
        FOR UPDATE SKIP LOCKED
    ) AS due
), leased AS (
    UPDATE queue SET lease = $5, available_at = $6
    WHERE message_id = ANY (ARRAY(SELECT message_id FROM picked))
)
SELECT m.id, m.workspace_id, m.flow, m.live, m.channel, m.lane, m.template_id, m.release_id, m.locale, m.recipient,
    m.recipient_name, m.variables, m.extras, m.created_at, m.due_at, m.expires_at, m.policy, m.tags,
    picked.attempts, picked.in_doubt
FROM picked
CROSS JOIN LATERAL (SELECT * FROM messages WHERE messages.id = picked.message_id OFFSET 0) AS m
"""
"""Takes so many due messages of each flow under a lease, passing over those that another dispatcher is taking.

The array and OFFSET 0 leave the planner no choice but one index step a message, whatever the statistics say.
"""

EXTEND: Final = """
UPDATE queue q SET available_at = $3
FROM unnest($1::uuid[], $2::bigint[]) AS held (message_id, lease)
WHERE q.message_id = held.message_id AND q.lease = held.lease
RETURNING q.message_id
"""
"""Renews leases that are still ours; which ones they were."""

RECORD: Final = """
WITH ended AS (
    DELETE FROM queue q
    USING unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::bigint[], $5::smallint[], $6::uuid[])
        AS s (message_id, lease, status, at, attempts, provider_id)
    WHERE q.message_id = s.message_id AND q.lease = s.lease
    RETURNING q.message_id, q.workspace_id, s.status, s.at, s.attempts, s.provider_id, s.lease
), kept AS (
    INSERT INTO states (message_id, workspace_id, status, ended_at, attempts, provider_id)
    SELECT message_id, workspace_id, status, at, attempts, provider_id FROM ended
), returned AS (
    UPDATE queue q SET lease = NULL, available_at = s.available_at, attempts = s.attempts, held = s.held
    FROM unnest($7::uuid[], $8::bigint[], $9::bigint[], $10::smallint[], $11::smallint[])
        AS s (message_id, lease, available_at, attempts, held)
    WHERE q.message_id = s.message_id AND q.lease = s.lease
    RETURNING q.message_id, s.lease
), ours AS MATERIALIZED (
    SELECT message_id, lease FROM ended UNION ALL SELECT message_id, lease FROM returned
), told AS MATERIALIZED (
    SELECT * FROM unnest(
        $12::uuid[], $13::bigint[], $14::smallint[], $15::text[], $16::uuid[], $17::bigint[], $18::bytea[], $19::int[]
    ) AS e (message_id, lease, type, key, workspace_id, at, data, place)
    WHERE ((message_id, lease) IN (SELECT message_id, lease FROM ours)) IS TRUE
), facts AS (
    INSERT INTO events (message_id, type, key, workspace_id, at, data)
    SELECT message_id, type, key, workspace_id, at, data FROM told
    ON CONFLICT DO NOTHING
    RETURNING message_id, type, key
), counted AS (
    INSERT INTO counters AS c (workspace_id, hour, template, channel, lane, live, provider, type, shard, count)
    SELECT workspace_id, hour, template, channel, lane, live, provider, type, $20::smallint, n
    FROM (
        SELECT workspace_id, at / 3600000000 AS hour, type, place, count(*) AS n
        FROM told WHERE ((message_id, type, key) IN (SELECT message_id, type, key FROM facts)) IS TRUE
        GROUP BY 1, 2, 3, 4
    ) AS g
    JOIN unnest($21::text[], $22::smallint[], $23::smallint[], $24::smallint[], $25::text[])
        WITH ORDINALITY AS d (template, channel, lane, live, provider, number) ON d.number = g.place
    ON CONFLICT (workspace_id, hour, template, channel, lane, live, provider, type, shard)
    DO UPDATE SET count = c.count + excluded.count
)
SELECT message_id, lease FROM ours
"""
"""Settles leases: ends messages or gives them back, with their events and counters; which ones were still ours.

``IN (…) IS TRUE`` is a hash lookup whatever the planner believes; as a join it was once planned row against row.
No event may stand in the batch twice. ``place`` says, from 1, which of the counted combinations ($21 on, each once) an event belongs to.
"""
