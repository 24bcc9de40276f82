SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM orders 
WHERE orders.tenant_id = $1::UUID 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT 1 
FROM orders 
WHERE orders.tenant_id = $1::UUID;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND (orders.created_at, orders.id) < ($5::TIMESTAMP WITH TIME ZONE, $6::UUID) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND (orders.created_at, orders.id) < ($5::TIMESTAMP WITH TIME ZONE, $6::UUID) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT 1 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER);

SELECT orders.id 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND (orders.created_at, orders.id) >= ($5::TIMESTAMP WITH TIME ZONE, $6::UUID) ORDER BY orders.created_at ASC, orders.id ASC 
 LIMIT 1;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND (orders.created_at, orders.id) > ($2::TIMESTAMP WITH TIME ZONE, $3::UUID) ORDER BY orders.created_at ASC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND (orders.created_at, orders.id) > ($2::TIMESTAMP WITH TIME ZONE, $3::UUID) ORDER BY orders.created_at ASC, orders.id ASC 
 LIMIT 26;

SELECT orders.id 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND (orders.created_at, orders.id) <= ($2::TIMESTAMP WITH TIME ZONE, $3::UUID) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 1;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26 OFFSET $2::INTEGER;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26 OFFSET $2::INTEGER;

SELECT (SELECT count(*) AS count_1 
FROM (SELECT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_2) + (SELECT count(*) AS count_2 
FROM (SELECT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID 
 LIMIT 20001) AS anon_3) AS anon_1, (SELECT count(*) AS count_3 
FROM (SELECT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_5) + (SELECT count(*) AS count_4 
FROM (SELECT orders_2.id AS id 
FROM customer_terms JOIN orders AS orders_2 ON orders_2.tenant_id = customer_terms.tenant_id AND orders_2.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND orders_2.tenant_id = $1::UUID 
 LIMIT 20001) AS anon_6) AS anon_4;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM (SELECT orders.tenant_id AS tenant_id, orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 20000) AS orders 
WHERE (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM (SELECT orders.tenant_id AS tenant_id, orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 20000) AS orders 
WHERE (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID;

SELECT (SELECT count(*) AS count_1 
FROM (SELECT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_2) + (SELECT count(*) AS count_2 
FROM (SELECT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID 
 LIMIT 20001) AS anon_3) AS anon_1;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM (SELECT orders.tenant_id AS tenant_id, orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 20000) AS orders 
WHERE coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM (SELECT orders.tenant_id AS tenant_id, orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 20000) AS orders 
WHERE coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) 
 LIMIT 10001) AS anon_1;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at, replace(to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at, replace(to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND orders.updated_at >= $5::TIMESTAMP WITH TIME ZONE AND (orders.updated_at > $5::TIMESTAMP WITH TIME ZONE OR orders.updated_at = $5::TIMESTAMP WITH TIME ZONE AND (orders.created_at < $6::TIMESTAMP WITH TIME ZONE OR orders.created_at = $6::TIMESTAMP WITH TIME ZONE AND orders.id > $7::UUID)) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND orders.updated_at >= $5::TIMESTAMP WITH TIME ZONE AND (orders.updated_at > $5::TIMESTAMP WITH TIME ZONE OR orders.updated_at = $5::TIMESTAMP WITH TIME ZONE AND (orders.created_at < $6::TIMESTAMP WITH TIME ZONE OR orders.created_at = $6::TIMESTAMP WITH TIME ZONE AND orders.id > $7::UUID)) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND orders.updated_at <= $5::TIMESTAMP WITH TIME ZONE AND (orders.updated_at < $5::TIMESTAMP WITH TIME ZONE OR orders.updated_at = $5::TIMESTAMP WITH TIME ZONE AND (orders.created_at > $6::TIMESTAMP WITH TIME ZONE OR orders.created_at = $6::TIMESTAMP WITH TIME ZONE AND (orders.id < $7::UUID OR orders.id = $7::UUID))) ORDER BY orders.updated_at DESC, orders.created_at ASC, orders.id DESC 
 LIMIT 1;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at, replace(to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.updated_at <= $2::TIMESTAMP WITH TIME ZONE AND (orders.updated_at < $2::TIMESTAMP WITH TIME ZONE OR orders.updated_at = $2::TIMESTAMP WITH TIME ZONE AND (orders.created_at > $3::TIMESTAMP WITH TIME ZONE OR orders.created_at = $3::TIMESTAMP WITH TIME ZONE AND orders.id < $4::UUID)) ORDER BY orders.updated_at DESC, orders.created_at ASC, orders.id DESC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.updated_at <= $2::TIMESTAMP WITH TIME ZONE AND (orders.updated_at < $2::TIMESTAMP WITH TIME ZONE OR orders.updated_at = $2::TIMESTAMP WITH TIME ZONE AND (orders.created_at > $3::TIMESTAMP WITH TIME ZONE OR orders.created_at = $3::TIMESTAMP WITH TIME ZONE AND orders.id < $4::UUID)) ORDER BY orders.updated_at DESC, orders.created_at ASC, orders.id DESC 
 LIMIT 26;

SELECT orders.id 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.updated_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.updated_at > $2::TIMESTAMP WITH TIME ZONE OR orders.updated_at = $2::TIMESTAMP WITH TIME ZONE AND (orders.created_at < $3::TIMESTAMP WITH TIME ZONE OR orders.created_at = $3::TIMESTAMP WITH TIME ZONE AND (orders.id > $4::UUID OR orders.id = $4::UUID))) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 1;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at, replace(to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26 OFFSET $2::INTEGER;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26 OFFSET $2::INTEGER;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at, replace(to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_updated_at 
FROM (SELECT orders.tenant_id AS tenant_id, orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 20000) AS orders 
WHERE (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at, replace(to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM (SELECT orders.tenant_id AS tenant_id, orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 20000) AS orders 
WHERE (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $2::VARCHAR COLLATE "C" AND order_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) AND (coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $4::VARCHAR COLLATE "C" AND order_terms.term < $5::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false)) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at, replace(to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_updated_at 
FROM (SELECT orders.tenant_id AS tenant_id, orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 20000) AS orders 
WHERE coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.version, replace(to_char(orders.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at, replace(to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM (SELECT orders.tenant_id AS tenant_id, orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 20000) AS orders 
WHERE coalesce((SELECT true 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" AND order_terms.order_id = orders.id AND order_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND customer_terms.customer_id = orders.customer_id AND customer_terms.tenant_id = orders.tenant_id 
 LIMIT 1), false) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.created_at >= $2::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($3::UUID[]) OR orders.version != $4::INTEGER) AND orders.id = ANY (array((SELECT DISTINCT order_terms.order_id AS id 
FROM order_terms 
WHERE order_terms.tenant_id = $1::UUID AND order_terms.source = 0 AND order_terms.term >= $5::VARCHAR COLLATE "C" AND order_terms.term < $6::VARCHAR COLLATE "C" UNION SELECT DISTINCT orders_1.id AS id 
FROM customer_terms JOIN orders AS orders_1 ON orders_1.tenant_id = customer_terms.tenant_id AND orders_1.customer_id = customer_terms.customer_id 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $5::VARCHAR COLLATE "C" AND customer_terms.term < $6::VARCHAR COLLATE "C" AND orders_1.tenant_id = $1::UUID))) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 26;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.id = ANY ($2::UUID[]);

SELECT orders.id, orders.version 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.id = ANY ($2::UUID[]);

SELECT customers.id, customers.version, replace(to_char(customers.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM customers 
WHERE customers.tenant_id = $1::UUID ORDER BY customers.created_at DESC, customers.id DESC 
 LIMIT 26;

SELECT customers.id, customers.name, customers.name_key, customers.email, customers.city, customers.country, customers.created_by, customers.assigned_to, customers.version, customers.created_at, customers.updated_at 
FROM customers 
WHERE customers.tenant_id = $1::UUID ORDER BY customers.created_at DESC, customers.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM customers 
WHERE customers.tenant_id = $1::UUID 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT 1 
FROM customers 
WHERE customers.tenant_id = $1::UUID;

SELECT (SELECT count(*) AS count_1 
FROM (SELECT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_2) + (SELECT count(*) AS count_2 
FROM (SELECT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_3) AS anon_1, (SELECT count(*) AS count_3 
FROM (SELECT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_5) + (SELECT count(*) AS count_4 
FROM (SELECT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_6) AS anon_4;

SELECT customers.id, customers.version, replace(to_char(customers.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM (SELECT customers.tenant_id AS tenant_id, customers.id AS id, customers.name AS name, customers.name_key AS name_key, customers.email AS email, customers.city AS city, customers.country AS country, customers.created_by AS created_by, customers.assigned_to AS assigned_to, customers.version AS version, customers.created_at AS created_at, customers.updated_at AS updated_at 
FROM customers 
WHERE customers.tenant_id = $1::UUID ORDER BY customers.created_at DESC, customers.id DESC 
 LIMIT 20000) AS customers 
WHERE (coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false)) AND (coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false)) ORDER BY customers.created_at DESC, customers.id DESC 
 LIMIT 26;

SELECT customers.id, customers.version, replace(to_char(customers.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM customers 
WHERE customers.tenant_id = $1::UUID AND customers.id = ANY (array((SELECT DISTINCT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C"))) AND (coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false)) ORDER BY customers.created_at DESC, customers.id DESC 
 LIMIT 26;

SELECT customers.id, customers.name, customers.name_key, customers.email, customers.city, customers.country, customers.created_by, customers.assigned_to, customers.version, customers.created_at, customers.updated_at 
FROM (SELECT customers.tenant_id AS tenant_id, customers.id AS id, customers.name AS name, customers.name_key AS name_key, customers.email AS email, customers.city AS city, customers.country AS country, customers.created_by AS created_by, customers.assigned_to AS assigned_to, customers.version AS version, customers.created_at AS created_at, customers.updated_at AS updated_at 
FROM customers 
WHERE customers.tenant_id = $1::UUID ORDER BY customers.created_at DESC, customers.id DESC 
 LIMIT 20000) AS customers 
WHERE (coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false)) AND (coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false)) ORDER BY customers.created_at DESC, customers.id DESC 
 LIMIT 26;

SELECT customers.id, customers.name, customers.name_key, customers.email, customers.city, customers.country, customers.created_by, customers.assigned_to, customers.version, customers.created_at, customers.updated_at 
FROM customers 
WHERE customers.tenant_id = $1::UUID AND customers.id = ANY (array((SELECT DISTINCT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C"))) AND (coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false)) ORDER BY customers.created_at DESC, customers.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM customers 
WHERE customers.tenant_id = $1::UUID AND customers.id = ANY (array((SELECT DISTINCT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C"))) AND (coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false) OR coalesce((SELECT true 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $4::VARCHAR COLLATE "C" AND customer_terms.term < $5::VARCHAR COLLATE "C" AND customer_terms.customer_id = customers.id AND customer_terms.tenant_id = customers.tenant_id 
 LIMIT 1), false)) 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT DISTINCT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 0 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C" UNION SELECT DISTINCT customer_terms.customer_id AS id 
FROM customer_terms 
WHERE customer_terms.tenant_id = $1::UUID AND customer_terms.source = 1 AND customer_terms.term >= $2::VARCHAR COLLATE "C" AND customer_terms.term < $3::VARCHAR COLLATE "C";

SELECT customers.id, customers.name, customers.name_key, customers.email, customers.city, customers.country, customers.created_by, customers.assigned_to, customers.version, customers.created_at, customers.updated_at 
FROM customers 
WHERE customers.tenant_id = $1::UUID AND customers.id = ANY ($2::UUID[]);

SELECT customers.id, customers.version 
FROM customers 
WHERE customers.tenant_id = $1::UUID AND customers.id = ANY ($2::UUID[]);

SELECT products.id, products.version, replace(to_char(products.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM products 
WHERE products.tenant_id = $1::UUID ORDER BY products.created_at DESC, products.id DESC 
 LIMIT 26;

SELECT products.id, products.sku, products.name, products.name_key, products.price, products.currency, products.version, products.created_at, products.updated_at 
FROM products 
WHERE products.tenant_id = $1::UUID ORDER BY products.created_at DESC, products.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM products 
WHERE products.tenant_id = $1::UUID 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT 1 
FROM products 
WHERE products.tenant_id = $1::UUID;

SELECT (SELECT count(*) AS count_1 
FROM (SELECT product_terms.product_id AS id 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $2::VARCHAR COLLATE "C" AND product_terms.term < $3::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_2) AS anon_1, (SELECT count(*) AS count_2 
FROM (SELECT product_terms.product_id AS id 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $4::VARCHAR COLLATE "C" AND product_terms.term < $5::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_4) AS anon_3;

SELECT products.id, products.version, replace(to_char(products.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM (SELECT products.tenant_id AS tenant_id, products.id AS id, products.sku AS sku, products.name AS name, products.name_key AS name_key, products.price AS price, products.currency AS currency, products.version AS version, products.created_at AS created_at, products.updated_at AS updated_at 
FROM products 
WHERE products.tenant_id = $1::UUID ORDER BY products.created_at DESC, products.id DESC 
 LIMIT 20000) AS products 
WHERE coalesce((SELECT true 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $2::VARCHAR COLLATE "C" AND product_terms.term < $3::VARCHAR COLLATE "C" AND product_terms.product_id = products.id AND product_terms.tenant_id = products.tenant_id 
 LIMIT 1), false) AND coalesce((SELECT true 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $4::VARCHAR COLLATE "C" AND product_terms.term < $5::VARCHAR COLLATE "C" AND product_terms.product_id = products.id AND product_terms.tenant_id = products.tenant_id 
 LIMIT 1), false) ORDER BY products.created_at DESC, products.id DESC 
 LIMIT 26;

SELECT products.id, products.version, replace(to_char(products.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM products 
WHERE products.tenant_id = $1::UUID AND products.id = ANY (array((SELECT DISTINCT product_terms.product_id AS id 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $2::VARCHAR COLLATE "C" AND product_terms.term < $3::VARCHAR COLLATE "C"))) AND coalesce((SELECT true 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $4::VARCHAR COLLATE "C" AND product_terms.term < $5::VARCHAR COLLATE "C" AND product_terms.product_id = products.id AND product_terms.tenant_id = products.tenant_id 
 LIMIT 1), false) ORDER BY products.created_at DESC, products.id DESC 
 LIMIT 26;

SELECT products.id, products.sku, products.name, products.name_key, products.price, products.currency, products.version, products.created_at, products.updated_at 
FROM (SELECT products.tenant_id AS tenant_id, products.id AS id, products.sku AS sku, products.name AS name, products.name_key AS name_key, products.price AS price, products.currency AS currency, products.version AS version, products.created_at AS created_at, products.updated_at AS updated_at 
FROM products 
WHERE products.tenant_id = $1::UUID ORDER BY products.created_at DESC, products.id DESC 
 LIMIT 20000) AS products 
WHERE coalesce((SELECT true 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $2::VARCHAR COLLATE "C" AND product_terms.term < $3::VARCHAR COLLATE "C" AND product_terms.product_id = products.id AND product_terms.tenant_id = products.tenant_id 
 LIMIT 1), false) AND coalesce((SELECT true 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $4::VARCHAR COLLATE "C" AND product_terms.term < $5::VARCHAR COLLATE "C" AND product_terms.product_id = products.id AND product_terms.tenant_id = products.tenant_id 
 LIMIT 1), false) ORDER BY products.created_at DESC, products.id DESC 
 LIMIT 26;

SELECT products.id, products.sku, products.name, products.name_key, products.price, products.currency, products.version, products.created_at, products.updated_at 
FROM products 
WHERE products.tenant_id = $1::UUID AND products.id = ANY (array((SELECT DISTINCT product_terms.product_id AS id 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $2::VARCHAR COLLATE "C" AND product_terms.term < $3::VARCHAR COLLATE "C"))) AND coalesce((SELECT true 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $4::VARCHAR COLLATE "C" AND product_terms.term < $5::VARCHAR COLLATE "C" AND product_terms.product_id = products.id AND product_terms.tenant_id = products.tenant_id 
 LIMIT 1), false) ORDER BY products.created_at DESC, products.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM products 
WHERE products.tenant_id = $1::UUID AND products.id = ANY (array((SELECT DISTINCT product_terms.product_id AS id 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $2::VARCHAR COLLATE "C" AND product_terms.term < $3::VARCHAR COLLATE "C"))) AND coalesce((SELECT true 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $4::VARCHAR COLLATE "C" AND product_terms.term < $5::VARCHAR COLLATE "C" AND product_terms.product_id = products.id AND product_terms.tenant_id = products.tenant_id 
 LIMIT 1), false) 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT DISTINCT product_terms.product_id AS id 
FROM product_terms 
WHERE product_terms.tenant_id = $1::UUID AND product_terms.source = 0 AND product_terms.term >= $2::VARCHAR COLLATE "C" AND product_terms.term < $3::VARCHAR COLLATE "C";

SELECT products.id, products.sku, products.name, products.name_key, products.price, products.currency, products.version, products.created_at, products.updated_at 
FROM products 
WHERE products.tenant_id = $1::UUID AND products.id = ANY ($2::UUID[]);

SELECT products.id, products.version 
FROM products 
WHERE products.tenant_id = $1::UUID AND products.id = ANY ($2::UUID[]);

SELECT announcements.id, announcements.version, replace(to_char(announcements.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID ORDER BY announcements.created_at DESC, announcements.id DESC 
 LIMIT 26;

SELECT announcements.id, announcements.kind, announcements.text, announcements.created_by, announcements.version, announcements.created_at, announcements.updated_at 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID ORDER BY announcements.created_at DESC, announcements.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT 1 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID;

SELECT (SELECT count(*) AS count_1 
FROM (SELECT announcement_terms.announcement_id AS id 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $2::VARCHAR COLLATE "C" AND announcement_terms.term < $3::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_2) AS anon_1, (SELECT count(*) AS count_2 
FROM (SELECT announcement_terms.announcement_id AS id 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $4::VARCHAR COLLATE "C" AND announcement_terms.term < $5::VARCHAR COLLATE "C" 
 LIMIT 20001) AS anon_4) AS anon_3;

SELECT announcements.id, announcements.version, replace(to_char(announcements.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM (SELECT announcements.tenant_id AS tenant_id, announcements.id AS id, announcements.kind AS kind, announcements.text AS text, announcements.created_by AS created_by, announcements.version AS version, announcements.created_at AS created_at, announcements.updated_at AS updated_at 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID ORDER BY announcements.created_at DESC, announcements.id DESC 
 LIMIT 20000) AS announcements 
WHERE coalesce((SELECT true 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $2::VARCHAR COLLATE "C" AND announcement_terms.term < $3::VARCHAR COLLATE "C" AND announcement_terms.announcement_id = announcements.id AND announcement_terms.tenant_id = announcements.tenant_id 
 LIMIT 1), false) AND coalesce((SELECT true 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $4::VARCHAR COLLATE "C" AND announcement_terms.term < $5::VARCHAR COLLATE "C" AND announcement_terms.announcement_id = announcements.id AND announcement_terms.tenant_id = announcements.tenant_id 
 LIMIT 1), false) ORDER BY announcements.created_at DESC, announcements.id DESC 
 LIMIT 26;

SELECT announcements.id, announcements.version, replace(to_char(announcements.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z') AS printed_created_at 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID AND announcements.id = ANY (array((SELECT DISTINCT announcement_terms.announcement_id AS id 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $2::VARCHAR COLLATE "C" AND announcement_terms.term < $3::VARCHAR COLLATE "C"))) AND coalesce((SELECT true 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $4::VARCHAR COLLATE "C" AND announcement_terms.term < $5::VARCHAR COLLATE "C" AND announcement_terms.announcement_id = announcements.id AND announcement_terms.tenant_id = announcements.tenant_id 
 LIMIT 1), false) ORDER BY announcements.created_at DESC, announcements.id DESC 
 LIMIT 26;

SELECT announcements.id, announcements.kind, announcements.text, announcements.created_by, announcements.version, announcements.created_at, announcements.updated_at 
FROM (SELECT announcements.tenant_id AS tenant_id, announcements.id AS id, announcements.kind AS kind, announcements.text AS text, announcements.created_by AS created_by, announcements.version AS version, announcements.created_at AS created_at, announcements.updated_at AS updated_at 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID ORDER BY announcements.created_at DESC, announcements.id DESC 
 LIMIT 20000) AS announcements 
WHERE coalesce((SELECT true 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $2::VARCHAR COLLATE "C" AND announcement_terms.term < $3::VARCHAR COLLATE "C" AND announcement_terms.announcement_id = announcements.id AND announcement_terms.tenant_id = announcements.tenant_id 
 LIMIT 1), false) AND coalesce((SELECT true 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $4::VARCHAR COLLATE "C" AND announcement_terms.term < $5::VARCHAR COLLATE "C" AND announcement_terms.announcement_id = announcements.id AND announcement_terms.tenant_id = announcements.tenant_id 
 LIMIT 1), false) ORDER BY announcements.created_at DESC, announcements.id DESC 
 LIMIT 26;

SELECT announcements.id, announcements.kind, announcements.text, announcements.created_by, announcements.version, announcements.created_at, announcements.updated_at 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID AND announcements.id = ANY (array((SELECT DISTINCT announcement_terms.announcement_id AS id 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $2::VARCHAR COLLATE "C" AND announcement_terms.term < $3::VARCHAR COLLATE "C"))) AND coalesce((SELECT true 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $4::VARCHAR COLLATE "C" AND announcement_terms.term < $5::VARCHAR COLLATE "C" AND announcement_terms.announcement_id = announcements.id AND announcement_terms.tenant_id = announcements.tenant_id 
 LIMIT 1), false) ORDER BY announcements.created_at DESC, announcements.id DESC 
 LIMIT 26;

SELECT count(*) AS count 
FROM (SELECT 1 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID AND announcements.id = ANY (array((SELECT DISTINCT announcement_terms.announcement_id AS id 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $2::VARCHAR COLLATE "C" AND announcement_terms.term < $3::VARCHAR COLLATE "C"))) AND coalesce((SELECT true 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $4::VARCHAR COLLATE "C" AND announcement_terms.term < $5::VARCHAR COLLATE "C" AND announcement_terms.announcement_id = announcements.id AND announcement_terms.tenant_id = announcements.tenant_id 
 LIMIT 1), false) 
 LIMIT 10001) AS anon_1;

EXPLAIN (FORMAT JSON) SELECT DISTINCT announcement_terms.announcement_id AS id 
FROM announcement_terms 
WHERE announcement_terms.tenant_id = $1::UUID AND announcement_terms.source = 0 AND announcement_terms.term >= $2::VARCHAR COLLATE "C" AND announcement_terms.term < $3::VARCHAR COLLATE "C";

SELECT announcements.id, announcements.kind, announcements.text, announcements.created_by, announcements.version, announcements.created_at, announcements.updated_at 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID AND announcements.id = ANY ($2::UUID[]);

SELECT announcements.id, announcements.version 
FROM announcements 
WHERE announcements.tenant_id = $1::UUID AND announcements.id = ANY ($2::UUID[]);

SELECT order_items.order_id, order_items.line, order_items.product_id, order_items.sku, order_items.quantity, order_items.unit_price, order_items.total, order_items.currency 
FROM order_items 
WHERE order_items.tenant_id = $1::UUID AND order_items.order_id = ANY ($2::UUID[]) ORDER BY order_items.order_id, order_items.line;

SELECT page.id, page.number, page.status, page.customer_id, page.currency, page.total, page.notes, page.due_at, page.created_by, page.assigned_to, page.version, page.created_at, page.updated_at 
FROM unnest($1::UUID[]) AS parents(key) JOIN LATERAL (SELECT orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $2::UUID AND orders.customer_id = parents.key ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 4) AS page ON true;

SELECT page.id, page.number, page.status, page.customer_id, page.currency, page.total, page.notes, page.due_at, page.created_by, page.assigned_to, page.version, page.created_at, page.updated_at 
FROM unnest($1::UUID[]) AS parents(key) JOIN LATERAL (SELECT orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $2::UUID AND orders.customer_id = parents.key AND orders.created_at >= $3::TIMESTAMP WITH TIME ZONE AND (orders.id = ANY ($4::UUID[]) OR orders.version != $5::INTEGER) ORDER BY orders.updated_at ASC, orders.created_at DESC, orders.id ASC 
 LIMIT 4) AS page ON true;

SELECT page.id, page.number, page.status, page.customer_id, page.currency, page.total, page.notes, page.due_at, page.created_by, page.assigned_to, page.version, page.created_at, page.updated_at 
FROM unnest($1::UUID[]) AS parents(key) JOIN LATERAL (SELECT orders.id AS id, orders.number AS number, orders.status AS status, orders.customer_id AS customer_id, orders.currency AS currency, orders.total AS total, orders.notes AS notes, orders.due_at AS due_at, orders.created_by AS created_by, orders.assigned_to AS assigned_to, orders.version AS version, orders.created_at AS created_at, orders.updated_at AS updated_at 
FROM orders 
WHERE orders.tenant_id = $2::UUID AND orders.customer_id = parents.key AND (orders.created_at, orders.id) < ($3::TIMESTAMP WITH TIME ZONE, $4::UUID) ORDER BY orders.created_at DESC, orders.id DESC 
 LIMIT 4) AS page ON true;

SELECT parents.key AS key, counted.count 
FROM unnest($1::UUID[]) AS parents(key) JOIN LATERAL (SELECT count(*) AS count 
FROM (SELECT 1 
FROM orders 
WHERE orders.tenant_id = $2::UUID AND orders.customer_id = parents.key 
 LIMIT 10001) AS anon_1) AS counted ON true;

SELECT event_heads.seq, event_heads.ts, (SELECT identity_head.number 
FROM identity_head) AS identity_number, sums.stretch, sums.status, sums.currency, sums.orders, sums.total 
FROM (SELECT 1) AS one LEFT OUTER JOIN event_heads ON event_heads.tenant_id = $1::UUID LEFT OUTER JOIN (SELECT counted.stretch AS stretch, counted.status AS status, counted.currency AS currency, sum(counted.orders) AS orders, sum(counted.total) AS total 
FROM (SELECT width_bucket(order_hours.hour, $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, order_hours.status AS status, order_hours.currency AS currency, order_hours.orders_00 + order_hours.orders_15 + order_hours.orders_30 + order_hours.orders_45 AS orders, order_hours.total_00 + order_hours.total_15 + order_hours.total_30 + order_hours.total_45 AS total 
FROM order_hours 
WHERE order_hours.tenant_id = $1::UUID AND order_hours.hour >= $3::TIMESTAMP WITH TIME ZONE AND order_hours.hour < $4::TIMESTAMP WITH TIME ZONE UNION ALL SELECT width_bucket(CAST(event_log.after ->> $5::TEXT AS TIMESTAMP WITH TIME ZONE), $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, event_log.after ->> $6::TEXT AS status, event_log.after ->> $7::TEXT AS currency, 1 AS orders, 1 * CAST((event_log.after ->> $8::TEXT) AS NUMERIC) AS total 
FROM event_log 
WHERE event_log.tenant_id = $1::UUID AND event_log.seq > greatest((SELECT folded_heads.seq 
FROM folded_heads 
WHERE folded_heads.tenant_id = $1::UUID), $9::BIGINT) AND event_log.ts >= greatest((SELECT folded_heads.ts 
FROM folded_heads 
WHERE folded_heads.tenant_id = $1::UUID), timestamptz '-infinity') AND event_log.tally AND CAST((event_log.after ->> $5::TEXT) AS TIMESTAMP WITH TIME ZONE) >= $3::TIMESTAMP WITH TIME ZONE AND CAST((event_log.after ->> $5::TEXT) AS TIMESTAMP WITH TIME ZONE) < $4::TIMESTAMP WITH TIME ZONE UNION ALL SELECT width_bucket(CAST(event_log.before ->> $10::TEXT AS TIMESTAMP WITH TIME ZONE), $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, event_log.before ->> $11::TEXT AS status, event_log.before ->> $12::TEXT AS currency, -1 AS orders, -1 * CAST((event_log.before ->> $13::TEXT) AS NUMERIC) AS total 
FROM event_log 
WHERE event_log.tenant_id = $1::UUID AND event_log.seq > greatest((SELECT folded_heads.seq 
FROM folded_heads 
WHERE folded_heads.tenant_id = $1::UUID), $14::BIGINT) AND event_log.ts >= greatest((SELECT folded_heads.ts 
FROM folded_heads 
WHERE folded_heads.tenant_id = $1::UUID), timestamptz '-infinity') AND event_log.tally AND CAST((event_log.before ->> $10::TEXT) AS TIMESTAMP WITH TIME ZONE) >= $3::TIMESTAMP WITH TIME ZONE AND CAST((event_log.before ->> $10::TEXT) AS TIMESTAMP WITH TIME ZONE) < $4::TIMESTAMP WITH TIME ZONE) AS counted GROUP BY counted.stretch, counted.status, counted.currency) AS sums ON true;

SELECT event_heads.seq, event_heads.ts, (SELECT identity_head.number 
FROM identity_head) AS identity_number, sums.stretch, sums.status, sums.currency, sums.orders, sums.total 
FROM (SELECT 1) AS one LEFT OUTER JOIN event_heads ON event_heads.tenant_id = $1::UUID LEFT OUTER JOIN (SELECT counted.stretch AS stretch, counted.status AS status, counted.currency AS currency, sum(counted.orders) AS orders, sum(counted.total) AS total 
FROM (SELECT width_bucket(order_hours.hour + interval '0 minutes', $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, order_hours.status AS status, order_hours.currency AS currency, order_hours.orders_00 AS orders, order_hours.total_00 AS total 
FROM order_hours 
WHERE order_hours.tenant_id = $1::UUID AND order_hours.hour + interval '0 minutes' >= $3::TIMESTAMP WITH TIME ZONE AND order_hours.hour + interval '0 minutes' < $4::TIMESTAMP WITH TIME ZONE AND order_hours.hour > $3::TIMESTAMP WITH TIME ZONE - interval '1 hour' AND order_hours.hour < $4::TIMESTAMP WITH TIME ZONE UNION ALL SELECT width_bucket(order_hours.hour + interval '15 minutes', $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, order_hours.status AS status, order_hours.currency AS currency, order_hours.orders_15 AS orders, order_hours.total_15 AS total 
FROM order_hours 
WHERE order_hours.tenant_id = $1::UUID AND order_hours.hour + interval '15 minutes' >= $3::TIMESTAMP WITH TIME ZONE AND order_hours.hour + interval '15 minutes' < $4::TIMESTAMP WITH TIME ZONE AND order_hours.hour > $3::TIMESTAMP WITH TIME ZONE - interval '1 hour' AND order_hours.hour < $4::TIMESTAMP WITH TIME ZONE UNION ALL SELECT width_bucket(order_hours.hour + interval '30 minutes', $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, order_hours.status AS status, order_hours.currency AS currency, order_hours.orders_30 AS orders, order_hours.total_30 AS total 
FROM order_hours 
WHERE order_hours.tenant_id = $1::UUID AND order_hours.hour + interval '30 minutes' >= $3::TIMESTAMP WITH TIME ZONE AND order_hours.hour + interval '30 minutes' < $4::TIMESTAMP WITH TIME ZONE AND order_hours.hour > $3::TIMESTAMP WITH TIME ZONE - interval '1 hour' AND order_hours.hour < $4::TIMESTAMP WITH TIME ZONE UNION ALL SELECT width_bucket(order_hours.hour + interval '45 minutes', $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, order_hours.status AS status, order_hours.currency AS currency, order_hours.orders_45 AS orders, order_hours.total_45 AS total 
FROM order_hours 
WHERE order_hours.tenant_id = $1::UUID AND order_hours.hour + interval '45 minutes' >= $3::TIMESTAMP WITH TIME ZONE AND order_hours.hour + interval '45 minutes' < $4::TIMESTAMP WITH TIME ZONE AND order_hours.hour > $3::TIMESTAMP WITH TIME ZONE - interval '1 hour' AND order_hours.hour < $4::TIMESTAMP WITH TIME ZONE UNION ALL SELECT width_bucket(CAST(event_log.after ->> $5::TEXT AS TIMESTAMP WITH TIME ZONE), $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, event_log.after ->> $6::TEXT AS status, event_log.after ->> $7::TEXT AS currency, 1 AS orders, 1 * CAST((event_log.after ->> $8::TEXT) AS NUMERIC) AS total 
FROM event_log 
WHERE event_log.tenant_id = $1::UUID AND event_log.seq > greatest((SELECT folded_heads.seq 
FROM folded_heads 
WHERE folded_heads.tenant_id = $1::UUID), $9::BIGINT) AND event_log.ts >= greatest((SELECT folded_heads.ts 
FROM folded_heads 
WHERE folded_heads.tenant_id = $1::UUID), timestamptz '-infinity') AND event_log.tally AND CAST((event_log.after ->> $5::TEXT) AS TIMESTAMP WITH TIME ZONE) >= $3::TIMESTAMP WITH TIME ZONE AND CAST((event_log.after ->> $5::TEXT) AS TIMESTAMP WITH TIME ZONE) < $4::TIMESTAMP WITH TIME ZONE UNION ALL SELECT width_bucket(CAST(event_log.before ->> $10::TEXT AS TIMESTAMP WITH TIME ZONE), $2::TIMESTAMP WITH TIME ZONE[]) AS stretch, event_log.before ->> $11::TEXT AS status, event_log.before ->> $12::TEXT AS currency, -1 AS orders, -1 * CAST((event_log.before ->> $13::TEXT) AS NUMERIC) AS total 
FROM event_log 
WHERE event_log.tenant_id = $1::UUID AND event_log.seq > greatest((SELECT folded_heads.seq 
FROM folded_heads 
WHERE folded_heads.tenant_id = $1::UUID), $14::BIGINT) AND event_log.ts >= greatest((SELECT folded_heads.ts 
FROM folded_heads 
WHERE folded_heads.tenant_id = $1::UUID), timestamptz '-infinity') AND event_log.tally AND CAST((event_log.before ->> $10::TEXT) AS TIMESTAMP WITH TIME ZONE) >= $3::TIMESTAMP WITH TIME ZONE AND CAST((event_log.before ->> $10::TEXT) AS TIMESTAMP WITH TIME ZONE) < $4::TIMESTAMP WITH TIME ZONE) AS counted GROUP BY counted.stretch, counted.status, counted.currency) AS sums ON true;

SELECT orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at 
FROM orders 
WHERE orders.tenant_id = $1::UUID AND orders.id = $2::UUID FOR UPDATE;

UPDATE orders SET version=(orders.version + $1::INTEGER), updated_at=$2::TIMESTAMP WITH TIME ZONE WHERE orders.tenant_id = $3::UUID AND orders.id = $4::UUID RETURNING orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at;

INSERT INTO orders (tenant_id, id, number, status, customer_id, currency, total, notes, due_at, created_by, assigned_to, version, created_at, updated_at) VALUES ($1::UUID, $2::UUID, $3::VARCHAR COLLATE "C", $4::VARCHAR COLLATE "C", $5::UUID, $6::VARCHAR COLLATE "C", $7::BIGINT, $8::VARCHAR COLLATE "C", $9::TIMESTAMP WITH TIME ZONE, $10::UUID, $11::UUID, $12::INTEGER, $13::TIMESTAMP WITH TIME ZONE, $14::TIMESTAMP WITH TIME ZONE) RETURNING orders.id, orders.number, orders.status, orders.customer_id, orders.currency, orders.total, orders.notes, orders.due_at, orders.created_by, orders.assigned_to, orders.version, orders.created_at, orders.updated_at;

INSERT INTO order_terms (tenant_id, order_id, source, term) SELECT $1::UUID AS anon_1, $2::UUID AS anon_2, anon_3.source, anon_3.term 
FROM unnest($3::SMALLINT[], $4::TEXT[]) AS anon_3(source, term);

SELECT customers.id, customers.name, customers.name_key, customers.email, customers.city, customers.country, customers.created_by, customers.assigned_to, customers.version, customers.created_at, customers.updated_at 
FROM customers 
WHERE customers.tenant_id = $1::UUID AND customers.id = $2::UUID FOR UPDATE;

UPDATE customers SET version=(customers.version + $1::INTEGER), updated_at=$2::TIMESTAMP WITH TIME ZONE WHERE customers.tenant_id = $3::UUID AND customers.id = $4::UUID RETURNING customers.id, customers.name, customers.name_key, customers.email, customers.city, customers.country, customers.created_by, customers.assigned_to, customers.version, customers.created_at, customers.updated_at;

INSERT INTO customers (tenant_id, id, name, name_key, email, city, country, created_by, assigned_to, version, created_at, updated_at) VALUES ($1::UUID, $2::UUID, $3::VARCHAR COLLATE "C", $4::VARCHAR COLLATE "C", $5::VARCHAR COLLATE "C", $6::VARCHAR COLLATE "C", $7::VARCHAR COLLATE "C", $8::UUID, $9::UUID, $10::INTEGER, $11::TIMESTAMP WITH TIME ZONE, $12::TIMESTAMP WITH TIME ZONE) RETURNING customers.id, customers.name, customers.name_key, customers.email, customers.city, customers.country, customers.created_by, customers.assigned_to, customers.version, customers.created_at, customers.updated_at;

INSERT INTO customer_terms (tenant_id, customer_id, source, term) SELECT $1::UUID AS anon_1, $2::UUID AS anon_2, anon_3.source, anon_3.term 
FROM unnest($3::SMALLINT[], $4::TEXT[]) AS anon_3(source, term);

SELECT products.id, products.sku, products.name, products.name_key, products.price, products.currency, products.version, products.created_at, products.updated_at 
FROM products 
WHERE products.tenant_id = $1::UUID AND products.id = $2::UUID FOR UPDATE;

UPDATE products SET version=(products.version + $1::INTEGER), updated_at=$2::TIMESTAMP WITH TIME ZONE WHERE products.tenant_id = $3::UUID AND products.id = $4::UUID RETURNING products.id, products.sku, products.name, products.name_key, products.price, products.currency, products.version, products.created_at, products.updated_at;

INSERT INTO products (tenant_id, id, sku, name, name_key, price, currency, version, created_at, updated_at) VALUES ($1::UUID, $2::UUID, $3::VARCHAR COLLATE "C", $4::VARCHAR COLLATE "C", $5::VARCHAR COLLATE "C", $6::BIGINT, $7::VARCHAR COLLATE "C", $8::INTEGER, $9::TIMESTAMP WITH TIME ZONE, $10::TIMESTAMP WITH TIME ZONE) RETURNING products.id, products.sku, products.name, products.name_key, products.price, products.currency, products.version, products.created_at, products.updated_at;

INSERT INTO product_terms (tenant_id, product_id, source, term) SELECT $1::UUID AS anon_1, $2::UUID AS anon_2, anon_3.source, anon_3.term 
FROM unnest($3::SMALLINT[], $4::TEXT[]) AS anon_3(source, term);

