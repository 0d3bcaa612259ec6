-- Which airline keeps passengers waiting longest, from which airport?
-- edit: 50000 => 200000
WITH delays AS (
  SELECT f.carrier, f.origin, count(*) AS flights, avg(f.dep_delay) AS mean_delay
  FROM flights f
  WHERE f.dep_delay IS NOT NULL
  GROUP BY f.carrier, f.origin
)
SELECT a.name, d.origin, d.flights, round(d.mean_delay, 1) AS mean_delay
FROM delays d
JOIN airlines a ON a.carrier = d.carrier
WHERE d.flights > 50000
ORDER BY mean_delay DESC, a.name, d.origin
LIMIT 10
