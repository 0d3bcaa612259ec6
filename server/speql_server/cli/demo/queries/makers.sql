-- Whose planes flew most in summer, for which airline?
-- edit: 100000 => 250000
WITH summer AS (
  SELECT p.manufacturer, f.carrier, count(*) AS flights, sum(f.distance) AS miles
  FROM flights f
  JOIN planes p ON p.tailnum = f.tailnum
  WHERE f.month BETWEEN 6 AND 8
  GROUP BY p.manufacturer, f.carrier
)
SELECT s.manufacturer, a.name, s.flights, s.miles
FROM summer s
JOIN airlines a ON a.carrier = s.carrier
WHERE s.flights > 100000
ORDER BY s.miles DESC, s.manufacturer, a.name
LIMIT 10
