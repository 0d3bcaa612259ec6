-- The three destinations reached latest from each airport
-- edit: 3 => 5
WITH routes AS (
  SELECT f.origin, f.dest, count(*) AS flights, avg(f.arr_delay) AS late
  FROM flights f
  WHERE f.arr_delay IS NOT NULL
  GROUP BY f.origin, f.dest
),
ranked AS (
  SELECT r.origin, r.dest, r.flights, r.late,
    row_number() OVER (PARTITION BY r.origin ORDER BY r.late DESC, r.dest) AS place
  FROM routes r
  WHERE r.flights > 10000
)
SELECT k.origin, k.place, p.name AS destination, round(k.late, 1) AS late
FROM ranked k
LEFT JOIN airports p ON p.faa = k.dest
WHERE k.place <= 3
ORDER BY k.origin, k.place
